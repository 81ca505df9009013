"""Kill trainings at random moments and compare where they end with an undisturbed one."""
import argparse
import os
import sys
import tempfile
from pathlib import Path

EXAMPLE = """\
example:
  python tools/benchmarks/kill_soak.py --kills 25 --ranks 1 2

SIGKILL in a step, in a validation, in the write of a checkpoint; then --resume, and again. The end must be the same bit
for bit: weights, averaged weights, optimizer, schedulers, log history, best checkpoint, files, log curves."""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--recipes', nargs='+', default=['swin', 'mae', 'accumulation'], metavar='NAME',
                        choices=('swin', 'mae', 'accumulation'), help='what to train (default: all of %(choices)s)')
    parser.add_argument('--ranks', type=int, nargs='+', default=[1, 2], metavar='N', help='processes (default 1 2)')
    parser.add_argument('--kills', type=int, default=25, metavar='N', help='of each recipe and number of processes')
    parser.add_argument('--chain', type=int, default=5, metavar='N', help='kills of one training at most (default 5)')
    parser.add_argument('--seed', type=int, default=0, metavar='N', help='of the moments (default 0)')
    parser.add_argument('--work-dir', type=Path, metavar='DIR',
                        help='where work folders go (default: a temporary one)')
    return parser.parse_args(argv)


def main(argv=None):
    args = parse_args(argv)
    # Read when torch is loaded; forked processes must not share a thread pool.
    os.environ.setdefault('OMP_NUM_THREADS', '1')
    from mmcomp.testing.kill_soak import soak, warm_up, write_recipes
    warm_up()
    failed = False
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.work_dir or Path(temporary)
        recipes = write_recipes(folder)
        print('| recipe | ranks | kills | in a step / a validation / a write | differences | seconds |')
        print('|---|---|---|---|---|---|')
        for name in args.recipes:
            for ranks in args.ranks:
                found = soak(name, recipes[name], folder, ranks, args.kills, args.chain, args.seed)
                kinds = [sum(kill.startswith(kind) for kill in found.kills) for kind in ('step', 'validation', 'write')]
                print(f'| {name} | {ranks} | {len(found.kills)} | {" / ".join(map(str, kinds))} '
                      f'| {len(found.differences)} | {found.seconds:.0f} |', flush=True)
                for difference in found.differences[:20]:
                    print(f'  {difference}', file=sys.stderr)
                failed |= bool(found.differences)
    return int(failed)


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
