"""Measure the parts of a training step on a CPU beside their peers: Swin V2, ArcFace, moving average, AdamW."""
import argparse

EPILOG = """example:
  python tools/benchmarks/training_step.py --rounds 5
  python tools/benchmarks/training_step.py --questions swin --full

Swin V2 is the tiny one, forward and backward; ours gives mmpretrain's answers. The ways of a question take turns. The
peer is the first row of a table; MB is the most that a step needs beside what is there before it."""
QUESTIONS = dict(swin='Swin V2', arcface='ArcFace, three centres a class', average='moving average of weights',
                 optimizer='AdamW')


def parse_args(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--questions', nargs='+', choices=QUESTIONS, default=list(QUESTIONS))
    parser.add_argument('--image-size', type=int, default=128, metavar='PIXELS', help='(default %(default)s)')
    parser.add_argument('--window', type=int, default=8, metavar='N', help='tokens of an edge (default %(default)s)')
    parser.add_argument('--batch-size', type=int, default=2, metavar='N', help='images (default %(default)s)')
    parser.add_argument('--full', action='store_true', help='384 px, window 24, as published')
    parser.add_argument('--classes', type=int, default=5000, metavar='N', help='of ArcFace (default %(default)s)')
    parser.add_argument('--features', type=int, default=1536, metavar='N', help='their width (default %(default)s)')
    parser.add_argument('--toy', action='store_true', help='a backbone of 8 channels, to try the tool')
    parser.add_argument('--rounds', type=int, default=5, metavar='N', help='(default %(default)s)')
    parser.add_argument('--threads', type=int, default=1, metavar='N', help='(default %(default)s)')
    return parser.parse_args(argv)


def main(argv=None):
    args = parse_args(argv)
    import torch

    from mmcomp.testing.speed.training_step_speed import TINY, Sizes, question_rows
    torch.set_num_threads(args.threads)
    arch = dict(embed_dims=8, depths=[2, 1], num_heads=[1, 2]) if args.toy else TINY
    image, window = (384, 24) if args.full else (args.image_size, args.window)
    sizes = Sizes(image, window, args.batch_size, arch, args.classes, args.features)
    what = dict(swin=f', {image} px, window {window}, {args.batch_size} images',
                arcface=f', {args.classes} classes, {args.features} wide, 16 images')
    for name in args.questions:
        torch.manual_seed(0)
        print(f'\n| {QUESTIONS[name]}{what.get(name, "")} | processor, s | clock, s | over peer | MB |')
        print('|---|---|---|---|---|')
        for row in question_rows(name, sizes, args.rounds):
            print(f'| {" | ".join(row)} |', flush=True)


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
