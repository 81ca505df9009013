"""Find wrong training labels with out-of-fold predictions, as a patch file."""
import argparse

EXAMPLE = """\
examples:
  mmcomp clean_labels work/fold*/val.pkl --ann meta/all.txt --action drop --max-fraction 0.1 --out meta/patch.csv \\
      --apply-to meta/all.txt --out-list meta/train.txt
  mmcomp clean_labels --patch meta/patch.csv --apply-to meta/all.txt --out-list meta/train.txt

The second applies a patch that was looked through: set `action` to keep, drop or relabel in the CSV. Lists and images
stay as they are. Rows must be predicted by models that did not train on them (see split_folds)."""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('tables', nargs='*', metavar='TABLE', help='out-of-fold predictions (.pkl); means if several')
    parser.add_argument('--ann', metavar='TRAIN.txt', help='the list with the labels to check')
    parser.add_argument('--method', choices=('confident_learning', 'cleanlab', 'low_confidence'),
                        default='confident_learning', help='(default confident_learning; cleanlab is an extra package)')
    parser.add_argument('--below', type=float, default=.05, metavar='P', help='for low_confidence (default 0.05)')
    parser.add_argument('--action', choices=('drop', 'relabel'), default='drop', help='(default drop)')
    parser.add_argument('--max-fraction', type=float, default=1., metavar='F', help='at most this part of the rows')
    parser.add_argument('--min-per-class', type=int, default=1, metavar='N', help='rows to leave a class (default 1)')
    parser.add_argument('--allow-missing', action='store_true', help='leave rows without a prediction as they are')
    parser.add_argument('--out', default='patch.csv', metavar='FILE', help='the patch to write (default patch.csv)')
    parser.add_argument('--patch', metavar='FILE', help='apply this patch instead of making one')
    parser.add_argument('--apply-to', metavar='LIST.txt', help='apply the patch to this list …')
    parser.add_argument('--out-list', metavar='FILE', help='… and write the result here')
    args = parser.parse_args(argv)
    if bool(args.tables) == bool(args.patch):
        parser.error('give either tables or --patch')
    if args.tables and not args.ann:
        parser.error('tables need --ann TRAIN.txt, the list with the labels')
    if bool(args.apply_to) != bool(args.out_list) or (args.patch and not args.apply_to):
        parser.error('--apply-to LIST.txt and --out-list FILE go together')
    return args


def make_patch(args):
    """Find issues, write and return the patch."""
    from mmcomp.annotations import read_list
    from mmcomp.errors import DataError, shorten
    from mmcomp.predictions.formats.headers import open_table
    from mmcomp.predictions.labels.cleaning import find_label_issues, gather_out_of_fold
    from mmcomp.predictions.labels.label_patch import LabelPatch, write_patch
    from mmcomp.predictions.progress import track
    paths, labels = read_list(args.ann)
    rows, scores = gather_out_of_fold([open_table(t) for t in track(args.tables, 'reading tables')], paths)
    if len(rows) < len(paths) and not args.allow_missing:
        missing = sorted(set(range(len(paths))) - set(rows.tolist()))
        raise DataError(f'{args.ann}: {len(missing)} of {len(paths)} rows have no prediction: '
                        f'{shorten([paths[i] for i in missing])}. Give the tables of all folds, or --allow-missing.')
    issues = find_label_issues(scores, labels[rows], args.method, args.below, args.max_fraction, args.min_per_class)
    at = rows[issues.rows]
    patch = LabelPatch([paths[i] for i in at], labels[at], issues.suggested, issues.scores, [args.action] * len(at))
    write_patch(patch, args.out)
    print(f'{len(patch)} of {len(rows)} predicted rows look wrong ({len(patch) / len(rows):.1%}); '
          f'{len(paths) - len(rows)} have no prediction: wrote {args.out}')
    return patch


def main(argv=None):
    args = parse_args(argv)
    from mmcomp.annotations import read_list, write_list
    from mmcomp.predictions.labels.label_patch import apply_patch, read_patch
    patch = read_patch(args.patch) if args.patch else make_patch(args)
    if args.apply_to:
        before, labels = read_list(args.apply_to)
        paths, new_labels = apply_patch(patch, before, labels, args.apply_to)
        write_list(args.out_list, paths, new_labels)
        print(f'{len(before)} rows before, {len(paths)} after, {patch.actions.count("relabel")} with a new label: '
              f'wrote {args.out_list}')


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
