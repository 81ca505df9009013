"""Measure how long commands take to start: imports, --help, the first step of a training."""
import argparse
import tempfile
from pathlib import Path

EXAMPLE = """\
example:
  python tools/benchmarks/startup.py --rounds 5

Each command is a process of its own; they take turns. The bare script imports mmpretrain, builds mmengine's Runner of
the same toy training and runs it. A first run of each, which compiles modules, does not count."""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--rounds', type=int, default=3, metavar='N', help='(default %(default)s)')
    parser.add_argument('--quick', action='store_true', help='only commands that load no torch')
    return parser.parse_args(argv)


def main(argv=None):
    args = parse_args(argv)
    from mmcomp.testing.speed.measuring import markdown
    from mmcomp.testing.speed.startup_speed import startup_rows
    with tempfile.TemporaryDirectory() as folder:
        print(markdown(startup_rows(Path(folder), args.rounds, args.quick)))
    print(f'\nMedian (least…most) of {args.rounds} rounds.')


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
