"""Measure training steps of the published models on a GPU: speed, memory, use of the peak; or count operations."""
import argparse

EXAMPLE = """\
examples:
  python tools/benchmarks/gpu.py
  python tools/benchmarks/gpu.py --cases swin-l vit-l --compile

On a GPU: the published batch in bfloat16, ours beside mmpretrain's backbone and timm's model. Without one: models of a
toy size, the breaks of their graphs under torch.compile and how often a step waits for a number."""
CASES = ('swin-l', 'vit-l', 'mae-l', 'bert-base')


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--cases', nargs='+', choices=CASES, default=CASES)
    parser.add_argument('--compile', action='store_true', help='with torch.compile, too')
    parser.add_argument('--steps', type=int, default=20, metavar='N', help='that count (default %(default)s)')
    return parser.parse_args(argv)


def main(argv=None):
    args = parse_args(argv)
    import torch

    from mmcomp.testing.speed.gpu_speed import shape_rows, speed_rows
    from mmcomp.testing.speed.measuring import markdown
    if not torch.cuda.is_available():
        rows = [row for name in args.cases for row in shape_rows(name)]
        print(markdown([['model, way', 'graph breaks', 'waits a step', 'MFLOPs of the toy step'], *rows]))
        print('\nNo GPU here: toy sizes on the CPU.')
        return
    device = torch.device('cuda')
    print(f'{torch.cuda.get_device_name(device)}, torch {torch.__version__}, bfloat16, median of {args.steps} steps\n')
    compiled = (False, True) if args.compile else (False, )
    rows = [row for name in args.cases for row in speed_rows(name, device, args.steps, compiled)]
    print(markdown([['model, way', 'samples/s', 'over ours, not compiled', 'GB at most', 'MFU, %'], *rows]))


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
