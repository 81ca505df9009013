"""Measure images a second a core of the 384 px training pipeline: mmpretrain's, timm's and ours, step by step."""
import argparse
import tempfile
from pathlib import Path

EXAMPLE = """\
examples:
  python tools/benchmarks/image_pipeline.py
  python tools/benchmarks/image_pipeline.py --images data/ACCV_workshop/testa --count 200 --rounds 9

Without --images, photographs are made up (375 x 500 to 1024 x 768). All ways see all images in every round, one way
after the other, on one thread; the first table and the second are CPU time, so that other jobs matter less."""
CONFIGS = Path(__file__).resolve().parents[2] / 'configs' / '_base_' / 'pipelines'


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--images', metavar='FOLDER', help='images to load (default: made up)')
    parser.add_argument('--count', type=int, default=48, metavar='N', help='how many of them (default %(default)s)')
    parser.add_argument('--rounds', type=int, default=7, metavar='N', help='(default %(default)s)')
    parser.add_argument('--batch-size', type=int, default=16, metavar='N', help='of the loader (default %(default)s)')
    return parser.parse_args(argv)


def main(argv=None):
    args = parse_args(argv)
    from mmcomp.image_files import list_images
    from mmcomp.testing.photos import write_photos
    from mmcomp.testing.speed import image_pipeline_speed as speed
    from mmcomp.testing.speed.measuring import markdown
    speed.single_thread()
    with tempfile.TemporaryDirectory() as folder:
        if args.images:
            paths = [str(Path(args.images) / name) for name in list_images(args.images)[:args.count]]
        else:
            paths = write_photos(Path(folder) / 'photos', args.count)
        ways = speed.make_ways(CONFIGS, Path(folder) / 'cache')
        for path in paths:
            ways[speed.CACHED](path)
        print(markdown([*speed.speed_rows(list(ways), speed.alternated_cpu(list(ways.values()), paths, args.rounds))]))
        ours = [ways[speed.EXACT], ways[speed.COMPOSED]]
        print('\n' + markdown([*speed.step_rows(ways[speed.STOCK], ours, paths, args.rounds)]))
        print('\n' + markdown([*loader_rows(speed, ways, paths, args)]))


def loader_rows(speed, ways, paths, args):
    """Rows of a table: images a second through a loader with one worker, medians of rounds."""
    from statistics import median
    names = [speed.STOCK, speed.TIMM, speed.EXACT, speed.COMPOSED]
    taken = {name: [] for name in names}
    for turn in range(args.rounds):
        for name in names[turn % len(names):] + names[:turn % len(names)]:
            taken[name].append(speed.loader_seconds(ways[name], paths, args.batch_size))
    yield ['through a loader with 1 worker', 'images/s', "worker's CPU, ms an image", 'its stock over it']
    cpu = {name: median(cpu for _, cpu in values) for name, values in taken.items()}
    for name, values in taken.items():
        wall = median(wall for wall, _ in values)
        yield [name, f'{1 / wall:.0f}', f'{1e3 * cpu[name]:.2f}', f'{cpu[speed.STOCK] / cpu[name]:.2f}']


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
