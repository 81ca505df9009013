"""Write the confident predictions of test samples as training rows."""
import argparse
import sys

EXAMPLE = """\
example:
  mmcomp create_pseudo work/list.pkl --thr 0.45 --testb --merge-with meta/train.txt --out meta/roundb1/train.txt

Take an ensemble made without --scale: the threshold is one on probabilities. Rows are `prefix/id <class index>`.
With --precision 0.95 --known oof.pkl meta/train.txt the threshold is the lowest above which 95 % of the known rows
are predicted right; those must come from models that did not train on them.
For a student that learns from probabilities, --soft writes those of the rows kept as a float16 table, which
TabularTextDataset takes as soft_targets. --trained-on refuses rows that the teachers have seen."""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('table', metavar='TABLE', help='predictions of the unlabelled samples (.pkl, any known form)')
    parser.add_argument('--thr', type=float, default=0., metavar='P', help='keep top scores above P (default 0: all)')
    parser.add_argument('--precision', type=float, metavar='P', help='choose the threshold for this precision …')
    parser.add_argument('--known', nargs=2, metavar=('TABLE', 'LIST.txt'), help='… on these predictions and labels')
    prefix = parser.add_mutually_exclusive_group()
    prefix.add_argument('--prefix', default='', help='folder to put before the ids')
    prefix.add_argument('--testa', dest='prefix', action='store_const', const='testa', help='short for --prefix testa')
    prefix.add_argument('--testb', dest='prefix', action='store_const', const='testb', help='short for --prefix testb')
    parser.add_argument('--max-per-class', type=int, metavar='N', help='keep at most the N best of a class')
    parser.add_argument('--balanced', action='store_true', help='keep no more of a class than the mean of the classes')
    parser.add_argument('--max-entropy', type=float, metavar='NATS', help='keep rows whose entropy is at most so much')
    parser.add_argument('--members', nargs='+', default=[], metavar='TABLE', help='tables of the ensemble …')
    parser.add_argument('--min-agreement', type=float, metavar='PART', help='… of which this part must say the same')
    parser.add_argument('--trained-on', nargs='+', default=[], metavar='LIST', help='lists that the teachers have seen')
    parser.add_argument('--soft', metavar='FILE', help='also write the probabilities of the rows kept (.table, .npz)')
    parser.add_argument('--rows', metavar='CSV', help='also write top score, entropy and agreement of each row kept')
    parser.add_argument('--report', metavar='CSV', help='also write how many rows of each class are kept')
    parser.add_argument('--num-classes', type=int, metavar='C', help='fail unless the table has this many classes')
    parser.add_argument('--merge-with', metavar='TRAIN.txt', help='write the rows of this list first')
    parser.add_argument('--out', default='pseudo.txt', metavar='FILE', help='annotation list (default pseudo.txt)')
    args = parser.parse_args(argv)
    if (args.precision is None) != (args.known is None) or (args.known and args.thr):
        parser.error('--precision P and --known TABLE LIST.txt go together, and without --thr')
    if args.max_per_class is not None and args.max_per_class < 1:
        parser.error('--max-per-class is at least 1')
    return args


def main(argv=None):
    args = parse_args(argv)
    from mmcomp.annotations import read_list, write_list
    from mmcomp.errors import TableError, fault
    from mmcomp.predictions.formats.headers import open_table
    from mmcomp.predictions.joining import match_classes
    from mmcomp.predictions.labels.pseudo_labels import (
        merge,
        scaled_warning,
        summarize_counts,
        threshold_for_precision,
    )
    table = open_table(args.table)
    num_classes = table.scores.shape[1]
    if args.num_classes not in (None, num_classes):
        raise TableError(fault(args.table, 'number of classes', str(args.num_classes), num_classes,
                               'Take the table of a model with the classes of the training list.'))
    if warning := scaled_warning(table):
        print(f'warning: {warning}', file=sys.stderr)
    if args.known:
        known, (paths, labels) = open_table(args.known[0]), read_list(args.known[1], num_classes)
        if match_classes(table.classes, num_classes, known, args.table) is not None:
            known = known.select(table.class_names)
        args.thr, part = threshold_for_precision(known, paths, labels, args.precision)
        print(f'{part:.1%} of the known samples are above {args.thr:.4f}, and {args.precision:.1%} of those right')
    pseudo = filtered(args, table)
    paths, labels = pseudo.paths, pseudo.labels
    if args.merge_with:
        paths, labels = merge(pseudo, args.merge_with, num_classes)
    write_list(args.out, paths, labels)
    print(f'kept {len(pseudo.paths)} of {len(table)} samples above {args.thr:g}; '
          f'{summarize_counts(pseudo.labels, num_classes)}')
    if args.merge_with:
        print(f'with {args.merge_with}: {len(paths)} rows; {summarize_counts(labels, num_classes)}')
    print(f'wrote {args.out}')


def filtered(args, table):
    """The rows that pass the filters, and the files beside them."""
    from mmcomp.annotations import read_list
    from mmcomp.errors import TableError, fault
    from mmcomp.predictions.formats.headers import open_table
    from mmcomp.predictions.labels.pseudo_filters import (
        check_filters,
        refuse_seen,
        row_signals,
        soft_table,
        write_kept,
        write_signals,
    )
    from mmcomp.predictions.labels.pseudo_labels import filtered_labels, usable_scores
    from mmcomp.predictions.tables import write_table
    check_filters(args.table, args.max_entropy, args.min_agreement, len(args.members))
    usable_scores(table)
    for path in args.trained_on:
        refuse_seen(table, read_list(path)[0], path)
    signals = row_signals(table, [open_table(member) for member in args.members])
    pseudo, rows = filtered_labels(table, signals, args.prefix, threshold=args.thr, max_entropy=args.max_entropy,
                                   min_agreement=args.min_agreement, max_per_class=args.max_per_class,
                                   balanced=args.balanced)
    if not pseudo.paths:
        raise TableError(fault(args.table, '--thr', 'below some top scores', args.thr, 'Lower it.'))
    soft = soft_table(table, rows, args.members)
    if args.soft:
        write_table(soft, args.soft)
    if args.rows:
        write_signals(args.rows, table.ids, signals, rows, table.class_names, soft.origin['teachers'])
    if args.report:
        write_kept(args.report, signals, rows, table.class_names)
    return pseudo


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
