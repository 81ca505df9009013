"""Measure how fast words and frame features of videos are loaded, and what share of a training step waits for them."""
import argparse
import os
from pathlib import Path

EPILOG = """example:
  python tools/benchmarks/feature_loading.py --layers 4 --width 256 --steps 30

Videos of noise: 258 words, 32 stored frames of 512 numbers in half precision, 14 of them drawn."""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--videos', type=int, default=1000, metavar='N', help='(default %(default)s)')
    parser.add_argument('--frames', type=int, default=14, metavar='N', help='(default %(default)s)')
    parser.add_argument('--words', type=int, default=258, metavar='N', help='(default %(default)s)')
    parser.add_argument('--layers', type=int, default=4, metavar='N', help='of the BERT (default %(default)s)')
    parser.add_argument('--width', type=int, default=256, metavar='N', help='of its tokens (default %(default)s)')
    parser.add_argument('--steps', type=int, default=30, metavar='N', help='of 32 videos (default %(default)s)')
    parser.add_argument('--workers', type=int, default=1, metavar='N', help='(default %(default)s)')
    return parser.parse_args(argv)


def main(argv=None):
    args = parse_args(argv)
    os.environ.setdefault('OMP_NUM_THREADS', '1')
    import tempfile

    from mmcomp.testing.speed.feature_loading import Videos, loading_speed, waiting_share
    config = Path(__file__).resolve().parents[2] / 'configs/wechat/single-fixed.py'
    videos = Videos(count=args.videos, frames=args.frames, words=args.words)
    with tempfile.TemporaryDirectory() as name:
        videos.write(Path(name))
        speeds = sorted(loading_speed(Path(name), videos))
        print(f'{speeds[1]:.0f} ({speeds[0]:.0f}…{speeds[-1]:.0f}) samples a second and core', flush=True)
        share, seconds = waiting_share(Path(name), videos, config, args.layers, args.width, args.steps, args.workers)
    print(f'{args.layers} layers of {args.width}: {100 * share:.2f} % of a step of {seconds:.2f} s waits for data')


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
