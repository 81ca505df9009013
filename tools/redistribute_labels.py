"""Choose labels so that the samples a class fit what is known of the test set."""
import argparse
import sys

EXAMPLE = """\
example:
  mmcomp redistribute_labels work/dict.pkl --K 16 --out work/pred_results.csv --plot work/counts.png

Methods (a test set with about N / C samples of each class is assumed; with a skewed one they do harm):
  greedy    every class with fewer than K takes the samples that score highest for it; K a little under N / C
  sinkhorn  classes are scaled until expected counts lie in --counts; --strength 0.5 goes half the way
  balanced  every count lies in --counts exactly, at the highest total log probability"""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('table', metavar='TABLE', help='predictions of the test set (.pkl, any known form)')
    parser.add_argument('--K', type=int, metavar='N', help='floor of the greedy method')
    parser.add_argument('--method', choices=('greedy', 'sinkhorn', 'balanced'), default='greedy')
    parser.add_argument('--counts', type=parse_counts, metavar='LOW:HIGH',
                        help='fewest and most samples a class (default N / C rounded down and up)')
    parser.add_argument('--strength', type=float, default=1., help='of sinkhorn, 0 to 1 (default 1)')
    parser.add_argument('--out', default='pred_results.csv', metavar='FILE',
                        help='CSV of `filename,class` (default pred_results.csv)')
    parser.add_argument('--plot', metavar='FILE', help='draw how many classes have n predictions, before and after')
    args = parser.parse_args(argv)
    if (args.K is None) == (args.method == 'greedy'):
        parser.error('greedy needs --K' if args.K is None else '--K belongs to greedy; give --counts LOW:HIGH')
    if args.counts and args.method == 'greedy':
        parser.error('--counts belong to sinkhorn and balanced; greedy takes --K')
    return args


def parse_counts(text: str) -> tuple[int, int]:
    """``12:18`` → (12, 18)."""
    low, colon, high = text.partition(':')
    if not (colon and low.isdecimal() and high.isdecimal()):
        raise argparse.ArgumentTypeError(f'`{text}` is not LOW:HIGH, such as 12:18')
    return int(low), int(high)


def main(argv=None):
    args = parse_args(argv)
    from mmcomp.predictions.count_chart import draw_counts
    from mmcomp.predictions.headers import open_table
    from mmcomp.predictions.label_files import names_of, write_labels
    from mmcomp.predictions.progress import track
    from mmcomp.predictions.pseudo_labels import summarize_counts
    from mmcomp.predictions.redistribution import redistribute
    table = open_table(args.table)
    before, classes = table.labels(), table.scores.shape[1]
    after = redistribute(table, args.method, args.K, args.counts, args.strength, track)
    if args.K and args.K > .95 * len(table) / classes:
        print(f'warning: K is {args.K} and N / C {len(table) / classes:g}; in the published runs a little less did '
              'better', file=sys.stderr)
    write_labels(args.out, table.ids, names_of(table, after))
    if args.plot:
        draw_counts(before, after, classes, args.plot)
    print(f'before: {summarize_counts(before, classes)}')
    print(f'after:  {summarize_counts(after, classes)}')
    print(f'{(before != after).sum()} of {len(table)} samples have a new label: wrote {args.out}'
          + (f', {args.plot}' if args.plot else ''))


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
