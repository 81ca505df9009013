"""Measure what ways of label re-distribution gain on made-up test sets, and how fast they are on a large table."""
import argparse
import os
import shutil
import tempfile
from pathlib import Path

EXAMPLE = """\
examples:
  python tools/benchmarks/redistribution.py quality
  python tools/benchmarks/redistribution.py speed --full --folder scratch --jobs limit greedy assignment

quality: classes that are taken for each other by a model that leans to some of them; even test sets and uneven ones.
speed: a tenth of the real size by default, 28 800 x 1600 float32; --full is 90 000 x 5000, 1.8 GB. Each way is a
process of its own; its imports are not counted. The published way takes minutes at full size."""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('question', choices=('quality', 'speed'))
    parser.add_argument('--classes', type=int, metavar='N', help='default 400; for speed 1600')
    parser.add_argument('--seeds', type=int, nargs='+', default=[0, 1, 2, 3, 4], metavar='N', help='of quality')
    parser.add_argument('--leaning', type=float, nargs='+', default=[3., 0.], metavar='S',
                        help='standard deviations of what is added to the logits of each class (default 3 0)')
    parser.add_argument('--noise', type=float, default=.9, metavar='S', help='of quality (default %(default)s)')
    parser.add_argument('--full', action='store_true', help='speed at 5000 classes, after a look at disk and memory')
    parser.add_argument('--jobs', nargs='+', metavar='WAY', help='of speed, only these (default: all)')
    parser.add_argument('--folder', metavar='DIR', help='where the table is written, and removed (default: temporary)')
    return parser.parse_args(argv)


def main(argv=None):
    args = parse_args(argv)
    if args.question == 'quality':
        from mmcomp.testing.proofs.redistribution_quality import KINDS, markdown, quality_row
        classes = args.classes or 400
        rows = [quality_row(kind, leaning, classes, 18, args.seeds, args.noise)
                for leaning in args.leaning for kind in KINDS]
        print(markdown(rows))
        print(f'\n{classes} classes x 18 samples, noise {args.noise:g}, {len(args.seeds)} seeds; accuracy, %.')
    else:
        speed(args)


def speed(args):
    from mmcomp.errors import DataError, did_you_mean, fault
    from mmcomp.testing.speed.redistribution_speed import EACH, JOBS, measure, write_predictions
    names, classes = args.jobs or list(JOBS), args.classes or (5000 if args.full else 1600)
    for name in names:
        if name not in JOBS:
            raise DataError(fault('redistribution', '--jobs', f'of {", ".join(JOBS)}', name,
                                  f'Correct it.{did_you_mean(name, JOBS)}'))
    size, folder = 4 * EACH * classes ** 2, args.folder or tempfile.gettempdir()
    Path(folder).mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free, os.sysconf('SC_AVPHYS_PAGES') * os.sysconf('SC_PAGE_SIZE')
    need = 1.1 * size, (1.5 * size if 'published' in names else .5 * size)
    for what, have, wanted in zip(('disk space', 'memory'), free, need, strict=True):
        if have < wanted:
            raise DataError(fault(folder, f'free {what}', f'{wanted / 1e9:.1f} GB', f'{have / 1e9:.1f} GB',
                                  'Choose fewer `--classes` or `--jobs`, or another `--folder`.'))
    print('| way | seconds | of the processor | over the limit | memory, MiB | accuracy, % |', flush=True)
    print('|---|---|---|---|---|---|', flush=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix='redistribution-') as scratch:
        path = Path(scratch) / 'test.table'
        write_predictions(path, classes)
        limit = measure('limit', path)[0]
        for name in names:
            seconds, processor, memory, accuracy = measure(name, path)
            shown = '' if accuracy != accuracy else f'{100 * accuracy:.2f}'
            print(f'| {JOBS[name][0]} | {seconds:.2f} | {processor:.2f} | {seconds / limit:.1f} '
                  f'| {memory / 2**20:.0f} | {shown} |', flush=True)
    print(f'\n{EACH * classes} x {classes} float32, {size / 1e6:.0f} MB; '
          f'load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.')


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
