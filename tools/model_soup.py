#!/usr/bin/env python
"""Average checkpoints into one (uniform model soup)."""
import argparse

EXAMPLE = """example:
  python tools/model_soup.py --model-folder work_dirs/l-384-arc --last 7 --out soup.pth
"""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument('--models', nargs='+', metavar='FILE', help='checkpoints to average')
    source.add_argument('--model-folder', metavar='DIR',
                        help='average epoch_*.pth (or iter_*.pth) of a work folder; any *.pth if it has none')
    parser.add_argument('--last', type=int, metavar='N',
                        help='with --model-folder: only the newest N (published: 5 for Swin-B, 7 for Swin-L)')
    parser.add_argument('--out', default='uniform_soup.pth', metavar='FILE', help='the soup (default: %(default)s)')
    args = parser.parse_args(argv)
    if args.last is not None and args.models:
        parser.error('--last goes with --model-folder')
    return args


def main(argv=None):
    args = parse_args(argv)
    from rich.progress import track

    from mmcomp.checkpoints.soup import find_members, save_soup, uniform_soup
    paths = args.models or find_members(args.model_folder, args.last)
    print(f'averaging {len(paths)} checkpoints:', *paths, sep='\n  ')
    state = uniform_soup(paths, progress=lambda names: track(names, description='soup'))
    save_soup(state, paths, args.out)
    print(f'{args.out}: {len(state)} tensors, {sum(t.numel() for t in state.values()):,} values')


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
