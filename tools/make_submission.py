"""Write a submission, checked against the organiser's sample submission."""
import argparse
from pathlib import Path

EXAMPLE = """\
examples:
  mmcomp make_submission work/ensemble.pkl --sample sample_submission.csv --out submission.csv
  mmcomp make_submission work/blend.pkl --score target --sample sample_submission.csv --out submission.csv
  mmcomp make_submission work/pred_results.csv --no-header --digits 4 --zip --out pred_results.csv

The sample decides order and spelling of ids and the header. With --score a row holds the score of one class or task
in place of a class. The third form is that of ACCV 2022: no header, four digits, zipped. Labels of redistribute_labels
come in as the CSV itself, or by --labels beside the table."""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('predictions', metavar='TABLE|CSV', help='a table (.pkl), or `filename,class` rows (.csv)')
    parser.add_argument('--labels', metavar='CSV', help='take the classes from here (by id) instead of the top scores')
    parser.add_argument('--sample', metavar='CSV', help='sample submission: same ids, none missing, none too much')
    parser.add_argument('--no-header', action='store_true', help='the submission (and the sample) has no header')
    parser.add_argument('--digits', type=int, metavar='N', help='write class numbers with leading zeros')
    parser.add_argument('--score', nargs='?', const='', metavar='COLUMN', help='write the scores of a class or task, '
                        'by default of the only one or the second of two')
    parser.add_argument('--zip', action='store_true', help='also write a .zip with the CSV in it')
    parser.add_argument('--out', default='submission.csv', metavar='FILE', help='(default submission.csv)')
    args = parser.parse_args(argv)
    if args.score is not None and (args.labels or args.digits or args.zip):
        parser.error('--score goes with none of --labels, --digits and --zip')
    if args.digits is not None and args.digits < 1:
        parser.error('--digits is at least 1')
    if Path(args.out).suffix != '.csv':
        parser.error('--out must end in .csv; --zip adds the zip')
    return args


def write_scores_of(args):
    """The submission of one column of scores."""
    from mmcomp.predictions.submissions.score_submission import HEADER, fit_scores, write_scores
    from mmcomp.predictions.submissions.submission import read_sample
    from mmcomp.predictions.tables import read_table
    sample = read_sample(args.sample, not args.no_header) if args.sample else None
    ids, scores = fit_scores(read_table(args.predictions), sample, args.score or None)
    header = None if args.no_header else sample.header if sample else HEADER
    write_scores(args.out, ids, scores, header)
    print(f'{len(ids)} samples{f", checked against {args.sample}" if args.sample else ""}: wrote {args.out}')


def main(argv=None):
    args = parse_args(argv)
    if args.score is not None:
        return write_scores_of(args)
    from mmcomp.predictions.submissions.submission import (
        HEADER,
        fit_to_sample,
        pad_digits,
        predicted_classes,
        read_sample,
        write_submission,
    )
    ids, names = predicted_classes(args.predictions, args.labels)
    if args.digits:
        names = pad_digits(names, args.digits)
    header = None if args.no_header else HEADER
    if args.sample:
        sample = read_sample(args.sample, not args.no_header)
        ids, names = fit_to_sample(ids, names, sample, args.predictions)
        header = sample.header
    target = write_submission(args.out, ids, names, header, args.zip)
    checked = f', checked against {args.sample}' if args.sample else ''
    print(f'{len(ids)} samples, {len(set(names))} classes used{checked}: wrote {target}')


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
