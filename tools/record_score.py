"""Record a leaderboard or validation score in a prediction table."""
import argparse

EXAMPLE = """\
example:
  mmcomp record_score work/testb/swin-l.pkl 0.7510

`ensemble --scale` then weights the table by it. All members need scores of one source and one scale."""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('table', metavar='TABLE', help='a table that mmcomp wrote (.pkl)')
    parser.add_argument('score', type=float, metavar='SCORE', help='0.751, 75.1 or 7510, but one way for all tables')
    parser.add_argument('--metric', choices=('leaderboard', 'val'), default='leaderboard',
                        help='where the score is from (default leaderboard)')
    parser.add_argument('--out', metavar='FILE', help='write a new table here (needed for files of older forms)')
    return parser.parse_args(argv)


def main(argv=None):
    args = parse_args(argv)
    from mmcomp.predictions.recording import record_score
    before = record_score(args.table, args.score, args.metric, args.out)
    was = '' if before is None else f' (was {before:g})'
    print(f'{args.out or args.table}: {args.metric} score {args.score:g}{was}')


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
