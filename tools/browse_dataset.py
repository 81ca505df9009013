"""Draw augmented images with their labels and ids as one sheet."""
import argparse

EXAMPLE = """example:
  python tools/browse_dataset.py configs/swin/l-384-arc.py --number 48 --mode concat --out sheet.png
"""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', metavar='CONFIG', help='config file')
    parser.add_argument('--split', choices=('train', 'val', 'test'), default='train',
                        help='whose images and pipeline (default: %(default)s)')
    parser.add_argument('--number', type=int, default=32, metavar='N', help='images to draw (default: %(default)s)')
    parser.add_argument('--seed', type=int, default=0,
                        help='chooses the images and the augmentation (default: %(default)s)')
    parser.add_argument('--mode', choices=('transformed', 'original', 'concat'), default='transformed',
                        help='after the pipeline, before it, or both side by side (default: %(default)s)')
    parser.add_argument('--out', default='sheet.png', metavar='FILE', help='the picture (default: %(default)s)')
    parser.add_argument('--cfg-options', nargs='+', metavar='KEY=VALUE', help='settings that override the config')
    return parser.parse_args(argv)


def main(argv=None):
    args = parse_args(argv)
    from mmcomp.apis.browsing import browse
    from mmcomp.apis.config import load_config
    from mmcomp.visualization.contact_sheet import contact_sheet
    cfg = load_config(args.config, args.cfg_options)
    images, captions = zip(*browse(cfg, args.split, args.number, args.seed, args.mode), strict=True)
    contact_sheet(images, captions, args.out)
    print(f'{args.out}: {len(images)} images of {args.split}')


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
