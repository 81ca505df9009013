"""Write the report of a recipe's work folder: one page, no network."""
import argparse
from pathlib import Path

EXAMPLE = """example:
  mmcomp report work_dirs/demo
  python tools/report.py work_dirs/demo --out demo.html

Also for a run that is not finished, or failed. `mmcomp run` writes the report at its end by itself."""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('work_dir', type=Path, metavar='WORK_DIR', help='where a recipe ran or runs')
    parser.add_argument('--out', type=Path, metavar='FILE', help='default: WORK_DIR/report.html')
    return parser.parse_args(argv)


def main(argv=None):
    args = parse_args(argv)
    from mmcomp.recipes.report import write_report
    print(f'report: {write_report(args.work_dir, args.out)}')


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
