"""Measure jobs on prediction tables of the real size beside plain renderings of the published way."""
import argparse
import os
import shutil
import tempfile
from pathlib import Path

EXAMPLE = """\
examples:
  python tools/benchmarks/tables.py
  python tools/benchmarks/tables.py --full --folder scratch --jobs limit mapped pickles

A tenth of the real size by default: 17 tables of 9000 x 5000 float32. --full is 90 000 rows, 1.8 GB a table. Each job
is a process of its own, by turns; its imports are not counted. The limit is a plain sequential read of all members."""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--full', action='store_true', help='90 000 rows, after a look at the free space')
    parser.add_argument('--rows', type=int, metavar='N', help='rows of a table (default 9000)')
    parser.add_argument('--columns', type=int, default=5000, metavar='N', help='its classes (default %(default)s)')
    parser.add_argument('--members', type=int, default=17, metavar='N', help='(default %(default)s)')
    parser.add_argument('--jobs', nargs='+', metavar='JOB', help='only these (default: all)')
    parser.add_argument('--rounds', type=int, default=3, metavar='N', help='(default %(default)s)')
    parser.add_argument('--warm', action='store_true', help='files from the page cache (default: from the disk)')
    parser.add_argument('--folder', metavar='DIR', help='where tables are written, and removed (default: temporary)')
    return parser.parse_args(argv)


def main(argv=None):
    args = parse_args(argv)
    from mmcomp.errors import DataError, did_you_mean, fault
    from mmcomp.testing.speed import table_speed as speed
    names = args.jobs or list(speed.JOBS)
    for name in names:
        if name not in speed.JOBS:
            raise DataError(fault('tables', '--jobs', f'of {", ".join(speed.JOBS)}', name,
                                  f'Correct it.{did_you_mean(name, speed.JOBS)}'))
    rows = args.rows or (90_000 if args.full else 9000)
    forms = 1 + any(n in names for n in ('pickles', 'pickle-ours')) + any(n in speed.NEEDS_LISTS for n in names)
    size = 4 * rows * args.columns
    need, folder = size * (args.members * forms + 2), args.folder or tempfile.gettempdir()
    Path(folder).mkdir(parents=True, exist_ok=True)
    if (free := shutil.disk_usage(folder).free) < 1.05 * need:
        raise DataError(fault(folder, 'free space', f'{need / 1e9:.0f} GB', f'{free / 1e9:.0f} GB',
                              'Choose another `--folder`, fewer `--rows` or fewer `--jobs`.'))
    with tempfile.TemporaryDirectory(dir=folder, prefix='tables-') as scratch:
        speed.write_members(Path(scratch), args.members, rows, args.columns)
        if forms > 1:
            speed.write_pickles(Path(scratch), any(n in speed.NEEDS_LISTS for n in names))
        os.sync()
        found = speed.medians(names, Path(scratch), args.rounds, args.warm)
    print(speed.markdown(found, size))
    print(f'\n{args.members} tables of {rows} x {args.columns} float32, {size / 1e6:.0f} MB each; '
          f'{args.rounds} rounds, files from the {"page cache" if args.warm else "disk"}; '
          f'load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.')


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
