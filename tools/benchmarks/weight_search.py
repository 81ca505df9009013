"""Measure how long ensemble weights are searched, on kept evidence and on the dense tables."""
import argparse
import tempfile
from pathlib import Path

EXAMPLE = """\
example:
  python tools/benchmarks/weight_search.py --full

Made-up members of different skill with errors in common, as tables on the disk. Each row is one step of
`mmcomp search_weights`. The dense greedy selection is the plain one, which sums the tables anew for every try; it runs
on a part of the samples, where its weights must be ours, and its time and memory are scaled to all of them."""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--full', action='store_true', help='100 000 samples, not 10 000')
    parser.add_argument('--samples', type=int, metavar='N', help='(default 10 000, with --full 100 000)')
    parser.add_argument('--members', type=int, default=10, metavar='N', help='(default %(default)s)')
    parser.add_argument('--classes', type=int, default=200, metavar='N', help='(default %(default)s)')
    parser.add_argument('--dense-samples', type=int, default=1000, metavar='N',
                        help='of the dense selection (default %(default)s)')
    parser.add_argument('--dir', metavar='DIR', help='for the tables (default: a temporary folder)')
    parser.add_argument('--seed', type=int, default=0, metavar='N', help='of the tables (default %(default)s)')
    args = parser.parse_args(argv)
    args.samples = args.samples or (100_000 if args.full else 10_000)
    args.dense_samples = min(args.dense_samples, args.samples)
    return args


def main(argv=None):
    args = parse_args(argv)
    from mmcomp.testing.speed.weight_search_speed import check_disk, measure, write_members
    need = 4 * args.members * args.samples * args.classes
    check_disk(args.dir or tempfile.gettempdir(), need)
    with tempfile.TemporaryDirectory(dir=args.dir) as folder:
        files, truth = write_members(Path(folder), args.members, args.samples, args.classes, args.seed)
        rows, facts = measure(files, truth, args.dense_samples)
    print('| step | seconds | CPU seconds | peak memory, MB |')
    print('|---|---|---|---|')
    for name, seconds, cpu, peak in rows:
        print(f'| {name} | {seconds:.2f} | {cpu:.2f} | {peak:.0f} |')
    print(f'\n{args.members} members x {args.samples} samples x {args.classes} classes, {need / 1e6:.0f} MB. {facts}')


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
