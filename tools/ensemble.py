"""Combine prediction tables with equal, given, searched or accuracy-based weights."""
import argparse
from pathlib import Path

EXAMPLE = """\
example:
  mmcomp ensemble --pkls-dir work/testb --nopkls old-7400.pkl --factor 25 --scale \\
      --dump work/list.pkl --dump-all work/dict.pkl --out work/pred_results.csv

  mmcomp ensemble --pkls a.table b.table c.table --weights weights.json --out mean.table
  mmcomp ensemble --pkls-dir pkls --method geometric --temperature 1.5 --out geometric.pkl

With --scale a member's weight is (accuracy / lowest accuracy)^factor / M. Accuracies come from --accuracies, else from
the scores recorded in the tables (see record_score), else from file names that end like `-7510.pkl`.
Members are given in the order of --pkls, then those of --pkls-dir by name. They are joined by sample id and class name.
`.table` members and output are streamed: memory stays small, however many there are (see `mmcomp table convert`)."""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--pkls', nargs='+', default=[], metavar='FILE', help='tables to add')
    parser.add_argument('--pkls-dir', metavar='DIR', help='add every .pkl and .table of this folder')
    parser.add_argument('--nopkls', nargs='+', default=[], metavar='FILE', help='leave these out (paths or names)')
    parser.add_argument('--factor', type=float, default=1., metavar='P', help='power of the accuracy ratio (default 1)')
    parser.add_argument('--scale', action='store_true', help='weight by accuracy; without it all weigh the same')
    parser.add_argument('--accuracies', nargs='+', type=float, metavar='A', help='one a member, for --scale')
    parser.add_argument('--weights', nargs='+', metavar='W', help='final weights, one a member; or a JSON file with '
                        '`weights` and, to match them by name, `members`; or exp2: 1, 2, 4, … for the checkpoints of '
                        'one training, the oldest first')
    parser.add_argument('--method', choices=('mean', 'geometric', 'power', 'logit', 'rank'), default='mean',
                        help='mean: the weighted sum (default); geometric: of logarithms; power: of powers, see '
                        '--power; logit: of the log odds of single tasks; rank: of places among all samples, class by '
                        'class')
    parser.add_argument('--power', type=float, metavar='P', help='of --method power; 1 is the mean')
    parser.add_argument('--temperature', nargs='+', type=float, metavar='T', help='divide logits, or logarithms of '
                        'probabilities, before anything else; one a member, or one for all')
    parser.add_argument('--class-weights', metavar='CSV', help='with a header `class,weight`: factors of the result; '
                        'with `class` and the members\' names: factors of the weights')
    parser.add_argument('--partial', choices=('mean', ), help='samples that some members lack are the mean of the '
                        'others; without it they are an error')
    parser.add_argument('--dump', metavar='FILE', help='also pickle a list of (id, class, scores)')
    parser.add_argument('--dump-all', metavar='FILE', help='also pickle a dict {id: scores}')
    parser.add_argument('--out', default='pred_results.csv', metavar='FILE',
                        help='.pkl, .table, .npz or .parquet for a table, .csv for `filename,class` rows '
                        '(default pred_results.csv)')
    args = parser.parse_args(argv)
    if args.weights and (args.scale or args.accuracies):
        parser.error('--weights are final; they go with neither --scale nor --accuracies')
    if args.accuracies and not args.scale:
        parser.error('--accuracies need --scale')
    if (args.power is not None) != (args.method == 'power'):
        parser.error('--method power and --power P go together')
    if Path(args.out).suffix not in ('.csv', '.pkl', '.table', '.npz', '.parquet'):
        parser.error('--out must end in .csv (labels), or in .pkl, .table, .npz or .parquet (a table)')
    named = [Path(path).resolve() for path in (args.out, args.dump, args.dump_all) if path]
    if len(set(named)) < len(named):
        parser.error('--out, --dump and --dump-all are different files')
    return args


def list_members(args) -> list[str]:
    """The files to add, each once."""
    from mmcomp.errors import TableError, did_you_mean, shorten
    files = list(args.pkls)
    if args.pkls_dir and not Path(args.pkls_dir).is_dir():
        raise TableError(f'--pkls-dir: {args.pkls_dir} is no folder. Check the path.')
    if args.pkls_dir:
        files += sorted(str(p) for form in ('*.pkl', '*.table') for p in Path(args.pkls_dir).glob(form))
    for name in args.nopkls:
        keep = [f for f in files if f != name and Path(f).name != name]
        if len(keep) == len(files):
            raise TableError(f'--nopkls: {name} is no member.{did_you_mean(name, files)} '
                             f'The members: {shorten(files, 20)}.')
        files = keep
    real = [Path(f).resolve() for f in files]
    doubled = [f for f, path in zip(files, real, strict=True) if real.count(path) > 1]
    if doubled:
        raise TableError(f'--pkls: {shorten(sorted(set(doubled)))} would be added twice. Name each file once, '
                         'or use --weights to count it more.')
    twins = [f for f in files if any(g != f and Path(g).with_suffix('') == Path(f).with_suffix('') for g in files)]
    if twins:
        raise TableError(f'--pkls, --pkls-dir: {shorten(twins)} are one member in two forms, it seems. '
                         'Leave one out with `--nopkls`.')
    return files


def choose_weights(args, members: list[str]):
    """Final weights or None, and words on where they come from."""
    from mmcomp.predictions.ensembles.member_weights import accuracy_weights, member_accuracies, read_weights
    if args.weights:
        weights = read_weights(args.weights, members)
        title, shown = 'given weights', [(f'{w:.6f}', m) for w, m in zip(weights, members, strict=True)]
    elif args.scale and members:
        accuracies, source = member_accuracies(members, args.accuracies)
        weights = accuracy_weights(accuracies, args.factor)
        title = f'weights from accuracies ({source})'
        shown = [(f'{w * len(members):.6f} / {len(members)}  accuracy {a:g}', m)
                 for w, a, m in zip(weights, accuracies, members, strict=True)]
    else:
        return None, [f'{len(members)} members, all weigh the same']
    return weights, [f'{len(members)} members, {title}', *(f'  {words}  {member}' for words, member in shown)]


def main(argv=None):
    args = parse_args(argv)
    from mmcomp.predictions.ensembles.ensembling import ensemble_stream, write_score_dict, write_score_list
    from mmcomp.predictions.formats.table_stream import top_classes
    from mmcomp.predictions.labels.label_files import names_of, write_labels
    from mmcomp.predictions.progress import track
    from mmcomp.predictions.tables import write_table
    members = list_members(args)
    weights, words = choose_weights(args, members)
    print(*words, sep='\n')
    power = 1. if args.power is None else args.power
    how = dict(method=args.method, power=power, temperatures=args.temperature, partial=bool(args.partial))
    result = ensemble_stream(members, weights, track, class_weights=args.class_weights, **how)
    if args.dump or args.dump_all:
        result = result.gather()
    if Path(args.out).suffix == '.csv':
        head, labels = top_classes(result)
        write_labels(args.out, head.ids, names_of(head, labels))
    else:
        write_table(result, args.out)
    for path, write in ((args.dump, write_score_list), (args.dump_all, write_score_dict)):
        if path:
            write(result, path)
    written = ', '.join(p for p in (args.out, args.dump, args.dump_all) if p)
    table = getattr(result, 'head', result)
    print(f'{len(table)} samples, {table.scores.shape[1]} classes, kind {table.kind}: wrote {written}')


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
