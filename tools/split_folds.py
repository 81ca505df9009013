"""Split an annotation list into cross-validation folds, stratified and grouped."""
import argparse
import sys

EXAMPLE = """\
examples:
  mmcomp split_folds meta/train.txt --folds 5 --out-dir meta/folds
  mmcomp split_folds meta/train.txt --folds 5 --group-regex '([^/]+)_frame' --out-dir meta/folds

Writes fold0/train.txt, fold0/val.txt, … and folds.csv. Every row is validated in exactly one fold; rows of one group
(near duplicates, frames of one video) never stand on both sides."""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('ann', metavar='TRAIN.txt', help='annotation list')
    parser.add_argument('--folds', type=int, default=5, metavar='N', help='(default 5)')
    parser.add_argument('--seed', type=int, default=0, help='(default 0)')
    group = parser.add_mutually_exclusive_group()
    group.add_argument('--groups', metavar='FILE', help='lines of `relative/path.jpg group`')
    group.add_argument('--group-regex', metavar='RE', help='the group is what this finds in the path')
    parser.add_argument('--out-dir', default='meta/folds', metavar='DIR', help='(default meta/folds)')
    return parser.parse_args(argv)


def main(argv=None):
    args = parse_args(argv)
    import numpy as np

    from mmcomp.annotations import read_list
    from mmcomp.predictions.folds import (
        grouped_folds,
        groups_by_regex,
        rare_classes,
        read_groups,
        stratified_folds,
        write_folds,
    )
    paths, labels = read_list(args.ann)
    groups = None
    if args.groups:
        groups = read_groups(args.groups, paths)
    elif args.group_regex:
        groups = groups_by_regex(paths, args.group_regex)
    if groups is None:
        fold = stratified_folds(labels, args.folds, args.seed)
    else:
        fold = grouped_folds(labels, groups, args.folds, args.seed)
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
