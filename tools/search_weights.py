"""Find the weights of ensemble members on labelled out-of-fold tables, and say what they are worth."""
import argparse
from pathlib import Path

from mmcomp.cli import figure_file

EXAMPLE = """\
example:
  mmcomp search_weights oof/*.pkl --truth meta/train.txt --metric accuracy --search caruana \\
      --out weights.json --plot members.png

Searches:
  simplex     the optimum for log_loss, certified; for other metrics a climb that starts there (default)
  caruana     greedy selection with replacement; --bags N for the mean of N selections from half of the members
  coordinate  one weight after the other, with ever smaller steps

Weights found on all folds but one are judged on that one. If their gain over equal weights is inside the noise there,
equal weights are written; --force keeps the found ones. Each member's worth is what is lost without it on held-out
samples. Metrics: accuracy, balanced_accuracy, macro_f1, micro_f1, weighted_f1, matthews, kappa, top_5_accuracy (any
number), log_loss; for two classes roc_auc and average_precision."""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('tables', nargs='+', metavar='TABLE', help='out-of-fold predictions, a table a member')
    parser.add_argument('--truth', required=True, metavar='FILE',
                        help='labels: a list of `path index` lines, or a .csv of `id,class name`')
    parser.add_argument('--metric', default='accuracy', metavar='NAME', help='(default %(default)s)')
    parser.add_argument('--search', default='simplex', choices=('simplex', 'caruana', 'coordinate'),
                        help='(default %(default)s)')
    parser.add_argument('--out', default='weights.json', metavar='FILE',
                        help='members, weights and what they are worth (default %(default)s)')
    parser.add_argument('--folds', type=int, default=5, metavar='N', help='of the validation (default %(default)s)')
    groups = parser.add_mutually_exclusive_group()
    groups.add_argument('--groups', metavar='FILE', help='`path group` lines: a group is held out together')
    groups.add_argument('--group-regex', metavar='RE', help='the same, by what it finds in each id')
    parser.add_argument('--steps', type=int, default=100, metavar='N', help='of caruana (default %(default)s)')
    parser.add_argument('--bags', type=int, default=0, metavar='N', help='of caruana (default none)')
    parser.add_argument('--prune', action='store_true', help='drop members whose loss is inside the noise')
    parser.add_argument('--force', action='store_true', help='keep found weights whatever the validation says')
    parser.add_argument('--partial', action='store_true', help='use the samples that the labels and all tables share')
    parser.add_argument('--plot', type=figure_file, metavar='FILE',
                        help='draw correlations and the worth of each member')
    parser.add_argument('--seed', type=int, default=0, metavar='N', help='of folds and bags (default %(default)s)')
    args = parser.parse_args(argv)
    if args.steps < 1 or args.bags < 0:
        parser.error('--steps is at least 1, --bags at least 0')
    real = [Path(path).resolve() for path in args.tables]
    if len(set(real)) < len(real):
        parser.error('a table is named twice')
    return args


def read_groups_of(args, ids):
    """The group of each sample, or None."""
    from mmcomp.predictions.labels.folds import groups_by_regex, read_groups
    if args.groups:
        return read_groups(args.groups, ids)
    return groups_by_regex(ids, args.group_regex) if args.group_regex else None


def main(argv=None):
    args = parse_args(argv)
    from mmcomp.metrics.by_name import find_metric
    from mmcomp.predictions.progress import track
    from mmcomp.predictions.weight_search.drawing import draw_members, print_members
    from mmcomp.predictions.weight_search.gathering import gather
    from mmcomp.predictions.weight_search.searching import make_search, search_weights
    from mmcomp.predictions.weight_search.weights_file import write_weights
    from mmcomp.predictions.weight_search.words import summary
    metric = find_metric(args.metric)
    evidence = gather(args.tables, args.truth, metric, args.partial, track)
    search = make_search(args.search, args.steps, args.bags, args.seed)
    found = search_weights(evidence, search, args.folds, read_groups_of(args, evidence.ids.tolist()), args.seed,
                           args.force, args.prune, track)
    write_weights(args.out, found, args.tables, args.search)
    print_members(found)
    print(summary(found, evidence.names, args.force))
    if args.plot:
        draw_members(found, args.plot)
    print(f'wrote {args.out}' + (f', {args.plot}' if args.plot else ''))


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
