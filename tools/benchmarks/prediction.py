"""Measure prediction from checkpoint to table beside mmengine's test loop, where the model is small."""
import argparse
import tempfile
from pathlib import Path

EXAMPLE = """\
example:
  python tools/benchmarks/prediction.py --rounds 3

A LeNet on made-up images of 32 x 32 pixels. What is compared is all that happens around the model: reading, batching,
preparing, turning logits into rows of a table, writing. Both begin with a checkpoint and end with a file."""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--images', type=int, default=4000, metavar='N', help='(default %(default)s)')
    parser.add_argument('--classes', type=int, default=1000, metavar='N', help='(default %(default)s)')
    parser.add_argument('--batch-size', type=int, default=64, metavar='N', help='(default %(default)s)')
    parser.add_argument('--workers', type=int, default=0, metavar='N', help='of the loader (default %(default)s)')
    parser.add_argument('--checkpoints', type=int, default=3, metavar='N', help='(default %(default)s)')
    parser.add_argument('--rounds', type=int, default=3, metavar='N', help='(default %(default)s)')
    return parser.parse_args(argv)


def main(argv=None):
    args = parse_args(argv)
    import torch

    from mmcomp.recipes.work_folder import WorkFolder
    from mmcomp.testing.speed.measuring import markdown
    from mmcomp.testing.speed.prediction_speed import PredictionBench, compare_ways
    with tempfile.TemporaryDirectory() as folder, WorkFolder(folder).quiet():
        bench = PredictionBench(Path(folder), args.images, args.classes, args.batch_size, args.workers,
                                args.checkpoints)
        rows = compare_ways(bench, args.rounds)
    print(markdown(rows))
    print(f'\n{args.images} images, {args.classes} classes, batches of {args.batch_size}, {args.workers} workers, '
          f'{args.rounds} rounds in turns: median (least…most); {torch.get_num_threads()} threads.')


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
