"""Choose the models that fit into limits of time, disk and memory."""
import argparse

EXAMPLE = """\
examples:
  mmcomp plan_inference models.csv --max-seconds 7200 --max-gb 20 --max-ram-gb 13
  mmcomp plan_inference models.csv --max-seconds 7200 --truth work/truth.txt --metric bias_auc

models.csv has a header: name,seconds,gb and, as one likes, family,preprocess_seconds,ram_gb,value,count,table. Models
of a family are prepared for once; `count` stands for so many models alike. By itself the sum of `value` is made as
large as possible. With --truth models are added one by one while the metric of the mean of their `table`s,
out-of-fold predictions, rises."""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('models', metavar='CSV', help='what each model takes and is worth')
    parser.add_argument('--max-seconds', type=float, metavar='S', help='of all predictions together')
    parser.add_argument('--max-gb', type=float, metavar='GB', help='of all files together')
    parser.add_argument('--max-ram-gb', type=float, metavar='GB', help='of the largest model')
    parser.add_argument('--truth', metavar='FILE', help='labels of the out-of-fold samples; see search_weights')
    parser.add_argument('--metric', default='log_loss', help='of --truth (default %(default)s)')
    return parser.parse_args(argv)


def main(argv=None):
    args = parse_args(argv)
    from mmcomp.predictions.ensembles.inference_plan import Limits, plan_by_score, plan_by_value, read_candidates
    candidates, limits = read_candidates(args.models), Limits(args.max_seconds, args.max_gb, args.max_ram_gb)
    plan = plan_by_score(candidates, limits, mean_score(args, candidates)) if args.truth else plan_by_value(candidates,
                                                                                                         limits)
    print(plan.words())


def mean_score(args, candidates):
    """The metric of the mean of some candidates' tables."""
    import numpy as np

    from mmcomp.errors import ConfigError, fault, shorten
    from mmcomp.metrics.by_name import find_metric
    from mmcomp.predictions.weight_search.gathering import gather
    from mmcomp.predictions.weight_search.objective import Objective
    lacking = [one.name for one in candidates if not one.table]
    if lacking:
        raise ConfigError(fault(args.models, 'table', 'given for each model', shorten(lacking), 'Add the column.'))
    objective = Objective.of(gather([one.table for one in candidates], args.truth, find_metric(args.metric)))
    places = np.arange(len(candidates))
    return lambda chosen: float(objective(np.isin(places, chosen) / len(chosen)))


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
