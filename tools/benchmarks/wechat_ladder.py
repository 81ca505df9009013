"""Measure what each step of the video and text system adds, on made-up videos."""
import argparse
import os
from pathlib import Path

EXAMPLE = """\
example:
  python tools/benchmarks/wechat_ladder.py --seeds 0 1 2 --jobs 2 --out ladder.md

Runs configs/wechat/recipe_ladder.py once a seed, which decides the videos, the split and the trainings. Seeds that are
done are not run again."""
RECIPE = Path(__file__).resolve().parents[2] / 'configs/wechat/recipe_ladder.py'


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--seeds', type=int, nargs='+', default=[0, 1, 2], metavar='N', help='(default 0 1 2)')
    parser.add_argument('--jobs', type=int, default=1, metavar='N', help='stages side by side (default %(default)s)')
    parser.add_argument('--set', dest='settings', action='append', default=[], metavar='KEY=VALUE',
                        help='change a setting of the recipe, such as stages.data.labeled=500')
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs/wechat_ladder'), metavar='DIR',
                        help='where all results go (default %(default)s)')
    parser.add_argument('--out', type=Path, default=Path('wechat_ladder.md'), metavar='FILE',
                        help='the table (default %(default)s)')
    return parser.parse_args(argv)


def main(argv=None):
    args = parse_args(argv)
    # Read when torch is loaded; more threads get in each other's way on models this small.
    os.environ.setdefault('OMP_NUM_THREADS', '1')
    from mmcomp.testing.proofs.wechat_ladder import ladder_rows, measure
    print(measure(RECIPE, ladder_rows, args.out, args.work_dir, args.seeds, args.jobs, args.settings))


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
