"""Measure the losses of pre-training on a CPU beside plain renderings of them: frames, words, alignment, teacher."""
import argparse

EPILOG = """example:
  python tools/benchmarks/pretraining.py --rounds 5
  python tools/benchmarks/pretraining.py --questions frames --videos 128

Both ways of a question give the same loss; they take turns, forward and backward. MB is the most that a step needs
beside what is there before it."""
QUESTIONS = dict(frames='hidden frames', words='hidden words', alignment='alignment with a queue', teacher='teacher')


def parse_args(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--questions', nargs='+', choices=QUESTIONS, default=list(QUESTIONS))
    parser.add_argument('--videos', type=int, default=64, metavar='N', help='of a batch (default %(default)s)')
    parser.add_argument('--texts', type=int, default=8, metavar='N',
                        help='of a batch, for the words (default %(default)s)')
    parser.add_argument('--channels', type=int, default=768, metavar='N', help='of a token (default %(default)s)')
    parser.add_argument('--vocabulary', type=int, default=21128, metavar='N', help='words (default %(default)s)')
    parser.add_argument('--queue', type=int, default=8192, metavar='N', help='vectors kept (default %(default)s)')
    parser.add_argument('--layers', type=int, default=12, metavar='N',
                        help='of what the teacher follows (default %(default)s)')
    parser.add_argument('--rounds', type=int, default=5, metavar='N', help='(default %(default)s)')
    parser.add_argument('--threads', type=int, default=1, metavar='N', help='(default %(default)s)')
    return parser.parse_args(argv)


def main(argv=None):
    args = parse_args(argv)
    import torch

    from mmcomp.testing.speed.pretraining_speed import Sizes, question_rows
    torch.set_num_threads(args.threads)
    sizes = Sizes(videos=args.videos, texts=args.texts, channels=args.channels, vocabulary=args.vocabulary,
                  queue=args.queue, layers=args.layers)
    of = dict(frames=f'{sizes.videos} videos of up to {sizes.frames} frames', words=f'{sizes.texts} texts of '
              f'{sizes.words}, {sizes.vocabulary} words', alignment=f'{sizes.videos} pairs, a queue of {sizes.queue}',
              teacher=f'{sizes.layers} layers')
    for name in args.questions:
        torch.manual_seed(0)
        print(f'\n| {QUESTIONS[name]}: {of[name]}, {sizes.channels} wide | processor, s | ratio | MB | ratio |')
        print('|---|---|---|---|---|')
        for row in question_rows(name, sizes, args.rounds):
            print(f'| {" | ".join(row)} |', flush=True)


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
