"""Measure what averaging training checkpoints takes: seconds, memory, bytes from the disk; ours and two plain ways."""
import argparse
import shutil
import tempfile
from pathlib import Path

EXAMPLE = """\
example:
  python tools/benchmarks/soup.py --folder work_dirs
  python tools/benchmarks/soup.py --full --folder work_dirs

Seven made-up checkpoints with AdamW's state: a tenth of Swin-L by default (1.7 GB of files), with --full Swin-L
(2.4 GB a file, 17 GB in all; the disk is checked first). Each way runs in a process of its own, with the files out of
the page cache (cold) and in it (warm). The limit is reading the bytes of the model's tensors once."""
GB, NEEDED = 1e9, 2.4e9
HEAD = '| way | cold, s | over limit | from disk, GB | warm, s | over limit | of it CPU, s | peak anonymous, GB |'
# The first one is the limit.
ROWS = (
    ('limit: read the tensors once', 'read_once', '.pth'),
    ('read the tensors once, write one model', 'read_and_write', '.pth'),
    ('ours, mean alone, not written', 'mean_alone', '.pth'),
    ('ours, to .pth', 'ours', '.pth'),
    ('ours, to .safetensors', 'ours', '.safetensors'),
    ('published: load whole files, add', 'published', '.pth'),
    ('load whole files, add in float64', 'float64', '.pth'),
)


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--folder', default='.', metavar='DIR', help='a folder on the disk to measure (default: here)')
    parser.add_argument('--members', type=int, default=7, metavar='N', help='checkpoints (default %(default)s)')
    parser.add_argument('--width', type=int, default=60, metavar='N', help='of the Swin (default %(default)s)')
    parser.add_argument('--full', action='store_true', help='Swin-L itself')
    parser.add_argument('--rounds', type=int, default=1, metavar='N', help='the least is shown (default %(default)s)')
    args = parser.parse_args(argv)
    args.width = 192 if args.full else args.width
    return args


def measured(paths, folder, rounds):
    """Rows of the table: a way's name, its costs cold and warm."""
    from mmcomp.testing.speed.soup_speed import watch
    for name, way, suffix in ROWS:
        costs = []
        for cold in (True, False):
            runs = []
            for _ in range(rounds):
                (folder / f'soup{suffix}').unlink(missing_ok=True)
                runs.append(watch(way, paths, folder / f'soup{suffix}', cold))
            costs.append(min(runs, key=lambda cost: cost.seconds))
        yield name, *costs


def main(argv=None):
    args = parse_args(argv)
    from mmcomp.errors import DataError
    from mmcomp.testing.speed.soup_speed import write_checkpoints
    needed, free = (args.members + 1) * NEEDED * (args.width / 192)**2, shutil.disk_usage(args.folder).free
    if free < needed:
        raise DataError(f'--folder: {args.folder} has {free / GB:.1f} GB free, {needed / GB:.1f} are needed. '
                        'Choose another disk.')
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        paths = write_checkpoints(Path(folder), args.members, args.width)
        size = sum(path.stat().st_size for path in paths)
        print(HEAD)
        print('|---|---|---|---|---|---|---|---|', flush=True)
        limits = None
        for name, cold, warm in measured(paths, Path(folder), args.rounds):
            limits = limits or (cold.seconds, warm.seconds)
            peak = max(cold.anonymous, warm.anonymous)
            print(f'| {name} | {cold.seconds:.2f} | {cold.seconds / limits[0]:.2f} | {cold.read / GB:.2f} '
                  f'| {warm.seconds:.2f} | {warm.seconds / limits[1]:.2f} | {warm.cpu:.2f} | {peak / GB:.2f} |',
                  flush=True)
    print(f'\n{args.members} checkpoints, {size / GB:.1f} GB in all; the least of {args.rounds}.')


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
