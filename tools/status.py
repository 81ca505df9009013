"""Show how far a recipe is, from outside."""
import argparse
from pathlib import Path

EXAMPLE = """example:
  mmcomp status work_dirs/demo

Reads the work folder only, so it works beside a run, on another host of the same file system, and after a crash."""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('work_dir', type=Path, help='work folder of a recipe')
    return parser.parse_args(argv)


def main(argv=None):
    args = parse_args(argv)
    from mmcomp.recipes.status import read_status, status_lines
    print('\n'.join(status_lines(*read_status(args.work_dir))))


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
