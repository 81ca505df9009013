"""Measure how long the areas of a bias score take, beside a plain loop over scikit-learn's function."""
import argparse

EXAMPLE = """\
example:
  python tools/benchmarks/bias_auc.py --full

An evaluation needs 1 + 3 K areas under the ROC curve for K groups. Both ways give the same numbers; seconds are medians
over the rounds with the least and the most."""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--full', action='store_true', help='2 000 000 rows, not 50 000')
    parser.add_argument('--rows', type=int, metavar='N', help='(default 50 000, with --full 2 000 000)')
    parser.add_argument('--groups', type=int, default=9, metavar='K', help='(default %(default)s)')
    parser.add_argument('--rounds', type=int, default=3, metavar='N', help='(default %(default)s)')
    args = parser.parse_args(argv)
    args.rows = args.rows or (2_000_000 if args.full else 50_000)
    return args


def main(argv=None):
    args = parse_args(argv)
    from mmcomp.testing.speed.bias_auc_speed import measure
    print(measure(args.rows, args.groups, args.rounds))


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
