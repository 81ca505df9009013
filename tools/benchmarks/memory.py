"""Measure what a training step needs of a GPU's memory, with each switch that saves some; needs no GPU."""
import argparse

EPILOG = """example:
  python tools/benchmarks/memory.py configs/swin/l-384-arc.py configs/vit/l-448-arc.py --ranks 16

The step runs on shapes: nothing is computed, every tensor's bytes are counted from its making to its end. For --fsdp
weights, gradients and optimizer states are then divided, and those of the largest block added."""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('configs', nargs='+', metavar='CONFIG')
    parser.add_argument('--batch-size', type=int, metavar='N', help='images a GPU (default: the config\'s)')
    parser.add_argument('--image-size', type=int, metavar='PIXELS', help='edge of an image (default: the backbone\'s)')
    parser.add_argument('--ranks', type=int, default=8, metavar='N', help='GPUs with --fsdp (default 8)')
    return parser.parse_args(argv)


def main(argv=None):
    args = parse_args(argv)
    from mmcomp.apis.config import load_config
    from mmcomp.testing.speed.step_memory import memory_rows
    for path in args.configs:
        cfg = load_config(path)
        batch = args.batch_size or cfg.train_dataloader.batch_size
        size = args.image_size or cfg.model.backbone.img_size
        print(f'\n| {path}, {size} px, {batch} images | GB | of them weights, gradients, optimizer | % |')
        print('|---|---|---|---|')
        for row in memory_rows(cfg, batch, size, args.ranks):
            print(f'| {" | ".join(row)} |', flush=True)


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
