"""Split an annotation list or a table into cross-validation folds, stratified and grouped."""
import argparse
import sys

EXAMPLE = """\
examples:
  mmcomp split_folds meta/train.txt --folds 5 --out-dir meta/folds
  mmcomp split_folds meta/train.txt --folds 5 --group-regex '([^/]+)_frame' --out-dir meta/folds
  mmcomp split_folds train.csv --id-col id --label-col target --threshold 0.5 --group-by-text comment_text

Writes fold0/train.txt, fold0/val.txt, … and folds.csv. Every row is validated in exactly one fold; rows of one group
(near duplicates, frames of one video, one text under several ids) never stand on both sides. The lists of a table
hold ids; give them to TabularTextDataset as `id_list`."""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('ann', metavar='TRAIN', help='annotation list, or table: .csv, .tsv, .jsonl, .parquet')
    parser.add_argument('--folds', type=int, default=5, metavar='N', help='(default 5)')
    parser.add_argument('--seed', type=int, default=0, help='(default 0)')
    group = parser.add_mutually_exclusive_group()
    group.add_argument('--groups', metavar='FILE', help='lines of `relative/path.jpg group`')
    group.add_argument('--group-regex', metavar='RE', help='the group is what this finds in the path')
    group.add_argument('--group-by-text', metavar='COL', help='of a table: rows of the same text are a group')
    group.add_argument('--group-col', metavar='COL', help='of a table: the group is in this column')
    parser.add_argument('--label-col', metavar='COL', help='of a table: the classes')
    parser.add_argument('--threshold', type=float, metavar='X', help='of a table: a label of X or more is class 1')
    parser.add_argument('--id-col', metavar='COL', help='of a table: the ids (default: the row number)')
    parser.add_argument('--not-stratified', action='store_true', help='draw rows without a look at their classes')
    parser.add_argument('--out-dir', default='meta/folds', metavar='DIR', help='(default meta/folds)')
    args = parser.parse_args(argv)
    if args.seed < 0:
        parser.error('--seed is 0 or more')
    if args.threshold is not None and args.threshold != args.threshold:
        parser.error('--threshold is a number')
    return args


def main(argv=None):
    args = parse_args(argv)
    import numpy as np

    from mmcomp.annotations import read_list
    from mmcomp.errors import ConfigError
    from mmcomp.predictions.labels.folds import (
        grouped_folds,
        groups_by_regex,
        groups_by_text,
        rare_classes,
        read_groups,
        read_rows,
        stratified_folds,
        write_folds,
    )
    groups = None
    if args.label_col:
        paths, labels, groups = read_rows(args.ann, args.id_col, args.label_col, args.threshold,
                                          args.group_by_text or args.group_col)
        groups = groups_by_text(groups) if args.group_by_text else groups
    elif args.group_by_text or args.group_col or args.id_col or args.threshold is not None:
        raise ConfigError('split_folds: `--label-col` must be given to split a table. Add it.')
    else:
        paths, labels = read_list(args.ann)
    if args.groups:
        groups = read_groups(args.groups, paths)
    elif args.group_regex:
        groups = groups_by_regex(paths, args.group_regex)
    kinds = np.zeros(len(labels), dtype=int) if args.not_stratified else labels
    if groups is None:
        fold = stratified_folds(kinds, args.folds, args.seed)
    else:
        fold = grouped_folds(kinds, groups, args.folds, args.seed)
        print(f'{len(set(groups))} groups')
    partly, untrained = rare_classes(labels, fold)
    if partly:
        print(f'warning: {partly} classes are not validated in every fold, and {untrained} of them are in one fold '
              'only, so the model of that fold never trains on them', file=sys.stderr)
    write_folds(args.out_dir, paths, labels, fold)
    sizes = np.bincount(fold, minlength=args.folds).tolist()
    print(f'{len(paths)} rows in {args.folds} folds of {min(sizes)} to {max(sizes)}: wrote {args.out_dir}')


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
