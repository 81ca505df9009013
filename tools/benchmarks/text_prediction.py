"""Measure how many comments a second a small BERT predicts, sorted by length, in file order and padded alike."""
import argparse
import tempfile
from pathlib import Path

EXAMPLE = """\
example:
  python tools/benchmarks/text_prediction.py --rounds 3

Made-up comments, log-normal lengths, mean 66 tokens, at most 220. Each way predicts all of them in each round, from the
weights to the table on the disk; the texts are tokenised before. In file order each batch is padded to its own longest
comment."""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--rows', type=int, default=1600, metavar='N', help='comments (default %(default)s)')
    parser.add_argument('--batch-size', type=int, default=32, metavar='N', help='(default %(default)s)')
    parser.add_argument('--layers', type=int, default=4, metavar='N', help='of the BERT (default %(default)s)')
    parser.add_argument('--width', type=int, default=128, metavar='N', help='of its tokens (default %(default)s)')
    parser.add_argument('--rounds', type=int, default=2, metavar='N', help='(default %(default)s)')
    parser.add_argument('--seed', type=int, default=0, metavar='N', help='of the comments (default %(default)s)')
    return parser.parse_args(argv)


def main(argv=None):
    args = parse_args(argv)
    import torch

    from mmcomp.recipes.work_folder import WorkFolder
    from mmcomp.testing.speed.measuring import alternated, markdown
    from mmcomp.testing.speed.text_speed import Bench, speed_rows
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), Path(__file__).resolve().parents[2] / 'configs/_base_', args.rows, args.batch_size,
                      args.layers, args.width, seed=args.seed)
        with WorkFolder(folder).quiet():
            bench.write()
            ways = [bench.predict_fixed, bench.predict_in_order, bench.predict_sorted]
            bench.predict_sorted()  # tokenises
            seconds = alternated(ways, args.rounds)
    rows = speed_rows(bench, ['fixed 220', 'file order', 'ours, sorted'], ['fixed', 'order', 'sorted'], seconds,
                      over=(0, 1))
    print(markdown(list(rows)))
    print(f'\n{args.rows} comments, {args.rounds} rounds: '
          f'median (least…most). BERT of {args.layers} layers, {args.width} wide, batches of {args.batch_size}, '
          f'{torch.get_num_threads()} threads, {"GPU" if torch.cuda.is_available() else "CPU"}.')


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
