"""Measure how many comments a second a small BERT trains on, with buckets, fixed padding and the Trainer."""
import argparse
import tempfile
from pathlib import Path

EXAMPLE = """\
example:
  python tools/benchmarks/text_training.py --rounds 3

Made-up comments, log-normal lengths, mean 66 tokens, at most 220. Each way trains an epoch in each round, on the same
comments with the same model, batch size, number of steps and clipping; but of fixed padding, whose steps all cost the
same, only a quarter. Hugging Face's Trainer needs `pip install accelerate`."""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--rows', type=int, default=1600, metavar='N', help='comments (default %(default)s)')
    parser.add_argument('--batch-size', type=int, default=8, metavar='N', help='(default %(default)s)')
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
            seconds = alternated([bench.train_fixed, bench.train_trainer, bench.train_buckets], args.rounds)
    rows = speed_rows(bench, ['fixed 220', 'Trainer, group_by_length', 'ours, buckets'],
                      ['fixed', 'trainer', 'buckets'], seconds, over=(0, 1))
    print(markdown(list(rows)))
    steps = -(-args.rows // args.batch_size)
    print(f'\n{args.rows} comments, {steps} steps a way and round (of fixed padding a quarter), {args.rounds} '
          f'rounds: median (least…most). BERT: {args.layers} layers, {args.width} wide, batches of {args.batch_size}, '
          f'{torch.get_num_threads()} threads, {"GPU" if torch.cuda.is_available() else "CPU"}.')


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
