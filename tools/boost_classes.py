"""Raise rare classes by weights that fall with their training samples, found on out-of-fold predictions."""
import argparse

from mmcomp.cli import figure_file

EXAMPLE = """\
example:
  mmcomp boost_classes test.pkl --counts meta/train.txt --oof oof.pkl --truth meta/train.txt --out boosted.pkl
  mmcomp boost_classes test.pkl --counts counts.csv --k 10 --out boosted.pkl --weights weights.csv

Probabilities are multiplied by (k / n)^g + b, or with --tau by (N / n)^tau, and divided by their sum. With --oof the
strength that does best on these predictions is taken, unless a fold loses by it. Boost the ensemble, after it is made.
--metric is a name, such as macro_f1, or package.module:function of predicted and true class numbers."""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('table', metavar='TABLE', help='probabilities of the test samples')
    parser.add_argument('--counts', required=True, metavar='FILE', help='training list, or CSV of class,count')
    parser.add_argument('--oof', metavar='TABLE', help='predictions of labelled samples by models that did not train '
                        'on them …')
    parser.add_argument('--truth', metavar='LABELS', help='… and their classes: CSV of id,class, or a list')
    parser.add_argument('--metric', default='macro_f1', metavar='NAME', help='to look at (default %(default)s)')
    parser.add_argument('--folds', type=int, default=5, metavar='N', help='of the validation (default %(default)s)')
    parser.add_argument('--k', type=float, metavar='K', help='(default 10)')
    parser.add_argument('--g', type=float, metavar='G', help='(default 1)')
    parser.add_argument('--b', type=float, metavar='B', help='(default 1)')
    parser.add_argument('--tau', type=float, metavar='T', help='the other form; 0 changes nothing, 1 all')
    parser.add_argument('--cap', type=float, metavar='X', help='the largest weight over the least')
    parser.add_argument('--out', default='boosted.pkl', metavar='FILE', help='the table (default %(default)s)')
    parser.add_argument('--weights', metavar='CSV', help='also write class,weight (for ensemble --class-weights)')
    parser.add_argument('--plot', type=figure_file, metavar='FILE', help='also draw weights over counts')
    args = parser.parse_args(argv)
    if bool(args.oof) != bool(args.truth):
        parser.error('--oof and --truth go together')
    if args.oof and any(value is not None for value in (args.k, args.g, args.b, args.tau)):
        parser.error('--oof finds the strength; leave --k, --g, --b and --tau out')
    if args.tau is not None and any(value is not None for value in (args.k, args.g, args.b)):
        parser.error('--tau stands for --k, --g and --b')
    return args


def main(argv=None):
    args = parse_args(argv)
    from dataclasses import replace

    from mmcomp.predictions.counts.boost_files import draw_weights, read_counts, write_class_weights
    from mmcomp.predictions.counts.class_boost import BOOSTS, Boost, boosted, tune_boost, weights_table
    from mmcomp.predictions.formats.headers import open_table
    from mmcomp.predictions.labelled import labelled_columns
    from mmcomp.predictions.progress import track
    from mmcomp.predictions.tables import write_table
    table = open_table(args.table)
    names, counts = table.class_names, read_counts(args.counts, table.class_names)
    if args.oof:
        labelled, truth = labelled_columns(open_table(args.oof), args.truth, table)
        tuned = tune_boost(labelled, truth, counts, args.metric, [replace(boost, cap=args.cap) for boost in BOOSTS],
                           args.folds, track=track)
        print('\n'.join(tuned.words()))
        boost = tuned.chosen
    else:
        given = {name: value for name in ('k', 'g', 'b', 'tau', 'cap') if (value := getattr(args, name)) is not None}
        boost = Boost(**given)
    weights = boost.weights(counts)
    result = boosted(table, weights)
    write_table(replace(result, origin=result.origin | dict(boost=str(boost))), args.out)
    print(weights_table(names, counts, weights))
    if args.weights:
        write_class_weights(args.weights, names, weights)
    if args.plot:
        draw_weights(args.plot, counts, weights)
    moved = int((result.labels() != table.labels()).sum())
    print(f'{boost}: {moved} of {len(table)} samples have a new label; wrote {args.out}')


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
