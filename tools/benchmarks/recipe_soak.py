"""Kill recipes at random moments and compare where they end with an undisturbed one."""
import argparse
import os
import tempfile
from pathlib import Path

EXAMPLE = """\
example:
  python tools/benchmarks/recipe_soak.py --kills 20

SIGKILL by turns to the runner and to a stage at work, then the same command again. Every table, list, label file and
the submission must be the same at the end, byte for byte."""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--kills', type=int, default=20, metavar='N', help='in all (default 20)')
    parser.add_argument('--chain', type=int, default=5, metavar='N', help='kills of one run at most (default 5)')
    parser.add_argument('--jobs', type=int, default=2, metavar='N', help='stages side by side (default 2)')
    parser.add_argument('--light', action='store_true', help='stages that only write a line: seconds a run')
    parser.add_argument('--seed', type=int, default=0, metavar='N', help='of the moments (default 0)')
    parser.add_argument('--work-dir', type=Path, metavar='DIR', help='where work folders go (default: a temporary one)')
    return parser.parse_args(argv)


def show(line: str) -> None:
    print(line, flush=True)


def main(argv=None):
    args = parse_args(argv)
    # Read when torch is loaded.
    os.environ.setdefault('OMP_NUM_THREADS', '1')
    from mmcomp.testing.recipe_soak import soak_recipe
    with tempfile.TemporaryDirectory() as temporary:
        soak = soak_recipe(args.work_dir or Path(temporary), args.kills, args.chain, args.seed, args.jobs, show,
                           args.light)
    runner = sum(kill.startswith('runner') for kill in soak.kills)
    print(f'{len(soak.kills)} kills ({runner} of the runner, {len(soak.kills) - runner} of a stage), '
          f'{len(soak.differences)} differences; an undisturbed run takes {soak.calm_seconds:.0f} s')
    print('\n'.join(soak.differences))
    return int(bool(soak.differences))


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
