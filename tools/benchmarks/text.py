"""Measure what buckets save in padding, and tokenising beside the bare Rust tokenizer."""
import argparse

EXAMPLE = """\
examples:
  python tools/benchmarks/text.py --rows 20000
  python tools/benchmarks/text.py --rows 1000000 --tokenizer checkpoints/bert-base-uncased

Comments are made up: log-normal lengths, mean 66, at most 220 words."""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--rows', type=int, default=20_000, metavar='N', help='comments (default %(default)s)')
    parser.add_argument('--batch-size', type=int, default=32, metavar='N', help='(default %(default)s)')
    parser.add_argument('--tokenizer', metavar='FOLDER', help='of a Hugging Face model (default: word pieces made up)')
    parser.add_argument('--seed', type=int, default=0, metavar='N', help='(default %(default)s)')
    return parser.parse_args(argv)


def main(argv=None):
    args = parse_args(argv)
    import resource

    from mmcomp.testing.texts import (
        comment_lengths,
        make_comments,
        make_words,
        padding_shares,
        tokenising_seconds,
        word_pieces,
    )
    lengths = comment_lengths(args.rows, seed=args.seed)
    print('| batches | padding, % | tokens, % of padding to the longest |\n|---|---|---|')
    for way, share, tokens in padding_shares(lengths, args.batch_size):
        print(f'| {way} | {100 * share:.1f} | {100 * tokens:.1f} |')
    words = make_words(20_000, args.seed)
    config = dict(folder=args.tokenizer) if args.tokenizer else word_pieces(words)
    alone, ours, tokens = tokenising_seconds(make_comments(lengths, words, args.seed), config)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f'\n{args.rows} comments, {tokens / 1e6:.1f} M tokens: Rust tokenizer alone {alone:.1f} s, to arrays '
          f'{ours:.1f} s, so {100 * alone / ours:.0f} % of its speed; peak memory of all {peak:.0f} MB')


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
