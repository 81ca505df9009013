"""Measure what FGM, PGD and AWP cost beside a plain training step."""
import argparse

EXAMPLE = """\
example:
  python tools/benchmarks/adversarial.py --rounds 9
  python tools/benchmarks/adversarial.py --layers 12 --width 768 --batch-size 32 --tokens 256

A small BERT with AdamW and 200 classes; the ways take turns. PGD with three steps passes the batch four times, so four
plain steps are its bound; the optimizer steps once."""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--layers', type=int, default=4, metavar='N', help='of the BERT (default %(default)s)')
    parser.add_argument('--width', type=int, default=128, metavar='N', help='of its tokens (default %(default)s)')
    parser.add_argument('--batch-size', type=int, default=8, metavar='N', help='(default %(default)s)')
    parser.add_argument('--tokens', type=int, default=64, metavar='N', help='of a text (default %(default)s)')
    parser.add_argument('--rounds', type=int, default=5, metavar='N', help='(default %(default)s)')
    return parser.parse_args(argv)


def main(argv=None):
    args = parse_args(argv)
    from mmcomp.testing.speed.adversarial_speed import cost_rows
    from mmcomp.testing.speed.measuring import markdown
    rows = cost_rows(args.rounds, layers=args.layers, width=args.width, batch_size=args.batch_size, tokens=args.tokens)
    print(markdown([['way', 'passes', 'seconds', 'plain steps'], *rows]))


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
