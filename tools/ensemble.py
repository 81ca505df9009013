"""Sum prediction tables with equal, given or accuracy-based weights."""
import argparse
from pathlib import Path

EXAMPLE = """\
example:
  mmcomp ensemble --pkls-dir work/testb --nopkls old-7400.pkl --factor 25 --scale \\
      --dump work/list.pkl --dump-all work/dict.pkl --out work/pred_results.csv

With --scale a member's weight is (accuracy / lowest accuracy)^factor / M. Accuracies come from --accuracies, else from
the scores recorded in the tables (see record_score), else from file names that end like `-7510.pkl`.
Members are given in the order of --pkls, then those of --pkls-dir by name."""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--pkls', nargs='+', default=[], metavar='FILE', help='tables to add')
    parser.add_argument('--pkls-dir', metavar='DIR', help='add every .pkl of this folder')
    parser.add_argument('--nopkls', nargs='+', default=[], metavar='FILE', help='leave these out (paths or names)')
    parser.add_argument('--factor', type=float, default=1., metavar='P', help='power of the accuracy ratio (default 1)')
    parser.add_argument('--scale', action='store_true', help='weight by accuracy; without it all weigh the same')
    parser.add_argument('--accuracies', nargs='+', type=float, metavar='A', help='one a member, for --scale')
    parser.add_argument('--weights', nargs='+', type=float, metavar='W', help='final weights, one a member')
    parser.add_argument('--dump', metavar='FILE', help='also pickle a list of (id, class, scores)')
    parser.add_argument('--dump-all', metavar='FILE', help='also pickle a dict {id: scores}')
    parser.add_argument('--out', default='pred_results.csv', metavar='FILE',
                        help='.pkl for a table, .csv for `filename,class` rows (default pred_results.csv)')
    args = parser.parse_args(argv)
    if args.weights and (args.scale or args.accuracies):
        parser.error('--weights are final; they go with neither --scale nor --accuracies')
    if args.accuracies and not args.scale:
        parser.error('--accuracies need --scale')
    if Path(args.out).suffix not in ('.csv', '.pkl'):
        parser.error('--out must end in .csv or .pkl')
    return args


def list_members(args) -> list[str]:
    """The files to add, each once."""
    from mmcomp.errors import TableError, did_you_mean, shorten
    files = list(args.pkls)
    if args.pkls_dir:
        files += sorted(str(p) for p in Path(args.pkls_dir).glob('*.pkl'))
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
    return files


def main(argv=None):
    args = parse_args(argv)
    from mmcomp.predictions.ensembling import ensemble, write_score_dict, write_score_list
    from mmcomp.predictions.label_files import names_of, write_labels
    from mmcomp.predictions.member_weights import accuracy_weights, check_weights, member_accuracies
    from mmcomp.predictions.progress import track
    from mmcomp.predictions.tables import write_table
    members = list_members(args)
    weights = check_weights(args.weights, members) if args.weights else None
    if args.scale and members:
        accuracies, source = member_accuracies(members, args.accuracies)
        weights = accuracy_weights(accuracies, args.factor)
        print(f'{len(members)} members, weights from accuracies ({source})')
        for member, accuracy, weight in zip(members, accuracies, weights, strict=True):
            print(f'  {weight * len(members):.6f} / {len(members)}  accuracy {accuracy:g}  {member}')
    else:
        print(f'{len(members)} members, {"given weights" if args.weights else "all weigh the same"}')
    table = ensemble(members, weights, track)
    if Path(args.out).suffix == '.pkl':
        write_table(table, args.out)
    else:
        write_labels(args.out, table.ids, names_of(table, table.labels()))
    for path, write in ((args.dump, write_score_list), (args.dump_all, write_score_dict)):
        if path:
            write(table, path)
    written = ', '.join(p for p in (args.out, args.dump, args.dump_all) if p)
    print(f'{len(table)} samples, {table.scores.shape[1]} classes, kind {table.kind}: wrote {written}')


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
