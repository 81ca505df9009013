"""Strip a checkpoint to its weights and name it by its hash."""
import argparse

EXAMPLE = """example:
  python tools/publish_model.py work_dirs/l-384-arc/epoch_20.pth swin-l_arc.pth
  writes swin-l_arc-1a2b3c4d.pth, where 1a2b3c4d opens the file's SHA-256
"""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('checkpoint', metavar='IN', help='a training checkpoint')
    parser.add_argument('out', metavar='OUT', help='the name to publish under; the hash is put before .pth')
    parser.add_argument('--raw', action='store_true',
                        help="of a run with an EMAHook, publish the un-averaged weights (default: the checkpoint's "
                             'weights as they are, which for such a run are the averaged ones)')
    return parser.parse_args(argv)


def main(argv=None):
    args = parse_args(argv)
    import os

    from mmcomp.checkpoints.publishing import publish
    final = publish(args.checkpoint, args.out, args.raw)
    before, after = (os.path.getsize(path) / 2**20 for path in (args.checkpoint, final))
    print(f'{final}: {after:.1f} MiB, was {before:.1f}')


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
