"""Choose labels so that the samples a class fit what is known of the test set."""
import argparse
import sys
from pathlib import Path

from mmcomp.cli import figure_file

EXAMPLE = """\
example:
  mmcomp redistribute_labels work/dict.pkl --K 16 --out work/pred_results.csv --plot work/counts.png
  mmcomp redistribute_labels test.pkl --method assignment                     # every class has N / C samples, rounded
  mmcomp redistribute_labels test.pkl --bounds 12:24                          # roughly even
  mmcomp redistribute_labels test.pkl --tune oof.pkl --truth train.csv        # let labelled predictions choose

Which method when
  counts known, such as 18 a class  assignment (balanced): bounds kept to the letter, at the highest total log
                                    probability there is, with the proof. --bounds LO:HI, or FILE of class,fewest,most
  counts known in proportion        sinkhorn --prior FILE: classes are scaled until expected counts fit; soft, so a
                                    little wrong does little harm. --strength 0.5 goes half the way
  nothing known                     no option at all: sinkhorn towards even counts as far as the predictions themselves
                                    get surer by it (--strength auto), which is not at all if they do not
  uneven, and scores calibrated     prior: counts are estimated from the predictions (EM). It trusts the scores; let
                                    --labelled predictions mend their leaning first
  labelled predictions at hand      --tune: tries them all by nested validation; keeps top scores if the gain is within
                                    the noise
  the published way                 --K N: classes with fewer than N take the samples that score highest for them; N a
                                    little under N / C. assignment does better where that works"""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('table', metavar='TABLE', help='predictions of the test set, any known form')
    parser.add_argument('--K', type=int, metavar='N', help='floor of the greedy method')
    parser.add_argument('--method', choices=('greedy', 'sinkhorn', 'assignment', 'balanced', 'prior', 'argmax'),
                        help='see below; balanced is assignment')
    parser.add_argument('--bounds', '--counts', type=parse_bounds, metavar='LO:HI|FILE', dest='bounds',
                        help='fewest and most samples a class (default N / C, or --prior times N, rounded down and up)')
    parser.add_argument('--prior', type=parse_prior, metavar='uniform|FILE',
                        help='CSV of class,count or class,probability: the classes of the test set (default uniform)')
    parser.add_argument('--strength', type=parse_strength, metavar='S|auto',
                        help='of sinkhorn and prior, from 0 (top scores) to 1 (default 1; auto without any option)')
    parser.add_argument('--tune', metavar='LABELLED_TABLE',
                        help='choose the way on out-of-fold predictions whose counts are in proportion to the test set')
    parser.add_argument('--labelled', metavar='LABELLED_TABLE', help='out-of-fold predictions, for the method prior')
    parser.add_argument('--truth', metavar='LABELS', help='classes of the labelled table: CSV of id,class, or a list')
    parser.add_argument('--estimate', choices=('em', 'confusion'), default='em',
                        help='of prior with --labelled: from scores without their leaning, or from how often classes '
                             'are taken for each other (default em)')
    parser.add_argument('--trained-on', type=parse_prior, metavar='uniform|FILE',
                        help='classes of the training set, for prior (default uniform, or the labelled samples)')
    parser.add_argument('--out', default='pred_results.csv', metavar='FILE',
                        help='CSV of `filename,class` (default pred_results.csv)')
    parser.add_argument('--plot', type=figure_file, metavar='FILE',
                        help='draw how many classes have n predictions, before and after')
    args = parser.parse_args(argv)
    _check(parser, args)
    return args


def _check(parser, args):
    """Options that do not go together."""
    method = {'balanced': 'assignment'}.get(args.method, args.method)
    if method is None and args.K is not None:
        method = 'greedy'
    if (args.K is None) == (method == 'greedy'):
        parser.error('greedy needs --K' if args.K is None else '--K belongs to greedy; give --bounds LO:HI')
    if args.bounds and method not in (None, 'sinkhorn', 'assignment'):
        parser.error(f'--bounds belong to sinkhorn and assignment, not to {method}')
    if args.prior and (args.bounds or method in ('greedy', 'argmax')):
        parser.error('--prior belongs to sinkhorn, assignment and prior, and excludes --bounds')
    if args.strength is not None and (method not in (None, 'sinkhorn', 'prior') or (args.bounds and not method)):
        parser.error('--strength belongs to sinkhorn and prior; the others go all the way')
    if (args.labelled or args.trained_on) and method != 'prior':
        parser.error('--labelled and --trained-on belong to --method prior')
    if bool(args.truth) != bool(args.tune or args.labelled):
        parser.error('--truth goes with --tune or --labelled, and they with it')
    if args.tune and any((args.K, args.bounds, args.prior, args.strength is not None, args.labelled)):
        parser.error('--tune chooses these by itself; only --method may stand beside it')


def parse_bounds(text: str):
    """``12:18`` → (12, 18); a file stays a path."""
    low, colon, high = text.partition(':')
    if colon and low.isdecimal() and high.isdecimal():
        return int(low), int(high)
    if not Path(text).is_file():
        raise argparse.ArgumentTypeError(f'`{text}` is neither LO:HI, such as 12:18, nor a file')
    return text


def parse_prior(text: str):
    if text != 'uniform' and not Path(text).is_file():
        raise argparse.ArgumentTypeError(f'`{text}` is neither `uniform` nor a file')
    return text


def parse_strength(text: str):
    try:
        return text if text == 'auto' else float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f'`{text}` is neither a number nor `auto`') from None


def main(argv=None):
    args = parse_args(argv)
    from mmcomp.predictions.counts.count_chart import draw_counts
    from mmcomp.predictions.counts.label_moves import how_it_went, label_moves
    from mmcomp.predictions.formats.headers import open_table
    from mmcomp.predictions.labels.label_files import names_of, write_labels
    from mmcomp.predictions.labels.pseudo_labels import summarize_counts
    table = open_table(args.table)
    found = _tuned(args, table) if args.tune else _found(args, table)
    before, classes = table.labels(), table.scores.shape[1]
    if args.K and args.K > .95 * len(table) / classes:
        print(f'warning: K is {args.K} and N / C {len(table) / classes:g}; in the published runs a little less did '
              'better', file=sys.stderr)
    write_labels(args.out, table.ids, names_of(table, found.labels))
    if args.plot:
        draw_counts(before, found.labels, classes, args.plot)
    for line in how_it_went(found, table):
        print(line)
    moves = label_moves(table, before, found.labels)
    print(f'before: {summarize_counts(before, classes)}')
    print(f'after:  {summarize_counts(found.labels, classes)}')
    if changes := moves.most(table.class_names):
        print(changes)
    print(f'{moves.number} of {len(table)} samples have a new label, which costs {moves.mass:.4g} of {moves.total:.6g} '
          f'of top scores: wrote {args.out}' + (f', {args.plot}' if args.plot else ''))


def _found(args, table):
    from mmcomp.predictions.counts.class_files import read_bounds, read_prior
    from mmcomp.predictions.counts.redistribution import redistribution
    from mmcomp.predictions.progress import track
    names = table.class_names
    bounds = read_bounds(args.bounds, names) if isinstance(args.bounds, str) else args.bounds
    prior, trained = (read_prior(path, names) if path not in (None, 'uniform') else None
                      for path in (args.prior, args.trained_on))
    method, leaning = args.method, None
    if args.prior == 'uniform' and method in (None, 'sinkhorn', 'prior'):
        prior = _even(table)
    if args.labelled:
        prior, trained, leaning = _learnt(args, table, prior, trained)
    return redistribution(table, method, args.K, bounds, args.strength, prior, trained, leaning, track)


def _even(table):
    import numpy as np
    return np.full(table.scores.shape[1], 1.)


def _learnt(args, table, prior, trained):
    """What labelled predictions say of the leaning of a model and the classes it trained on."""
    import numpy as np

    from mmcomp.predictions.counts.prior_estimation import confusion_prior, leaning
    labelled, truth = _labelled(args.labelled, args.truth, table)
    counts = np.bincount(truth, minlength=table.scores.shape[1])
    if prior is None and args.estimate == 'confusion':
        prior = confusion_prior(table.labels(), labelled.labels(), truth, len(counts))
    return prior, counts + 1. if trained is None else trained, leaning(labelled.scores, truth)


def _labelled(path, labels, table):
    from mmcomp.predictions.formats.headers import open_table
    from mmcomp.predictions.labelled import labelled_columns
    return labelled_columns(open_table(path), labels, table)


def _tuned(args, table):
    from mmcomp.predictions.counts.tuning import WAYS, tune
    from mmcomp.predictions.progress import track
    labelled, truth = _labelled(args.tune, args.truth, table)
    method = {'balanced': 'assignment'}.get(args.method, args.method)
    tuned = tune(labelled, truth, [way for way in WAYS if method in (None, way.method)], track=track)
    print('\n'.join(tuned.words()))
    return tuned.chosen.apply(table, track)


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
