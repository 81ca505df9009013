"""End the jobs that a recipe has on a Slurm cluster."""
import argparse
from pathlib import Path

EXAMPLE = """example:
  mmcomp cancel work_dirs/accv

Running trainings save and end; `mmcomp run RECIPE --launcher slurm` goes on from there."""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('work_dir', type=Path, help='work folder of a recipe that runs with `--launcher slurm`')
    return parser.parse_args(argv)


def main(argv=None):
    args = parse_args(argv)
    from mmcomp.errors import DataError
    from mmcomp.recipes.slurm_jobs import JOBS, cancel, queued
    from mmcomp.recipes.state import read_json
    told = read_json(args.work_dir / JOBS)
    if not told:
        raise DataError(f'{args.work_dir}: there is no {JOBS}. Give the work folder of a recipe that was run with '
                        '`--launcher slurm`; Ctrl-C ends one on this host.')
    alive = queued(args.work_dir)
    numbers = {**told['jobs'], 'report': told['end']}
    # The last job waits for the end of the others, and writes the ledger then.
    cancel(numbers[name] for name in alive if name != 'report')
    print(f'{sum(name != "report" for name in alive)} of {len(told["jobs"])} stages were about and are ended'
          if alive else 'nothing was running or queued')


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
