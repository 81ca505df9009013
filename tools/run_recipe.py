"""Run a recipe: all stages of a competition that are not done yet."""
import argparse
import shlex
import sys
from pathlib import Path

EXAMPLE = """examples:
  mmcomp run configs/demo/recipe.py                    run what is not done; killed, the same command goes on
  mmcomp run configs/demo/recipe.py --dry-run          what would run, and why
  mmcomp run RECIPE --jobs 4 --gpus 0 1 2 3            four stages side by side, each with its GPUs
  mmcomp run RECIPE --launcher slurm --detach          every stage a job of the cluster; log out if you like
  mmcomp run RECIPE --from clean                       this stage and all after it anew
  mmcomp run RECIPE --only 'fold-*'                    nothing but these
  mmcomp run RECIPE --set stages.swin.seed=1 --set 'stages.train_*.options.train_cfg.max_epochs=2'

(`python tools/run_recipe.py` is the same.) A stage runs again if its settings, its config, its inputs or the code
behind it changed, and nothing else does. Results go to WORK_DIR/stages/<stage>/<key>/, the history to
WORK_DIR/ledger.db, the report to WORK_DIR/report.html. `mmcomp status WORK_DIR` looks at a run from outside,
`mmcomp cancel WORK_DIR` ends the jobs of one on a cluster."""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('recipe', help='a config with `stages`')
    parser.add_argument('--work-dir', type=Path, metavar='DIR', help='where results go (default: the recipe\'s, '
                        'else work_dirs/<its name>)')
    parser.add_argument('--from', dest='start', metavar='STAGE', help='run this stage and all after it anew')
    parser.add_argument('--only', metavar='PATTERN', help='run only stages of this name; * stands for anything')
    parser.add_argument('--dry-run', action='store_true', help='say what would run and why, and stop')
    parser.add_argument('--set', nargs='+', action='extend', default=[], metavar='KEY=VALUE', dest='settings',
                        help='change settings of the recipe; * in the name of a stage stands for anything')
    parser.add_argument('--jobs', type=int, default=1, metavar='N', help='stages side by side (default 1)')
    parser.add_argument('--gpus', type=int, nargs='*', metavar='ID', help='GPUs to hand out (default: all there are)')
    parser.add_argument('--launcher', choices=('local', 'slurm'), default='local',
                        help='where stages run: on this host, or each as a job of a Slurm cluster (default local)')
    parser.add_argument('--detach', action='store_true', help='with slurm: return once all is submitted')
    parser.add_argument('--no-report', action='store_true', help='write no report at the end')
    args = parser.parse_args(argv)
    if args.jobs < 1:
        parser.error('--jobs must be 1 or more')
    if args.detach and args.launcher == 'local':
        parser.error('--detach goes with --launcher slurm')
    if args.launcher == 'slurm' and (args.gpus is not None or args.jobs != 1):
        parser.error('--jobs and --gpus are for this host; on a cluster `slurm` of the recipe says what to ask for')
    return args


def main(argv=None):
    args = parse_args(argv)
    import os

    from mmcomp.recipes.environment import find_gpus
    from mmcomp.recipes.recipe import load_recipe
    from mmcomp.recipes.runner import RecipeRunner
    from mmcomp.recipes.views import LiveView, PlainView
    recipe = load_recipe(args.recipe, args.settings, args.work_dir)
    retry = shlex.join(['mmcomp', 'run', args.recipe, *(['--work-dir', str(args.work_dir)] if args.work_dir else []),
                        *(['--launcher', 'slurm'] if args.launcher == 'slurm' else []),
                        *(word for said in args.settings for word in ('--set', said))])
    view = (LiveView if sys.stdout.isatty() else PlainView)(retry)
    if args.launcher == 'slurm':
        from mmcomp.recipes.slurm import SlurmRunner
        runner = SlurmRunner(recipe, view, args.detach)
    else:
        gpus = find_gpus(os.environ) if args.gpus is None else args.gpus
        runner = RecipeRunner(recipe, args.jobs, gpus, view)
    runner.choose(args.start, args.only)
    to_do = [task for task in runner.tasks.values() if task.state == 'waiting']
    if args.dry_run:
        return show_plan(recipe, runner)
    print(f'{recipe.title}: {len(to_do)} of {len(runner.tasks)} stages to run, in {recipe.work_dir}')
    if not to_do and args.launcher == 'slurm':
        return 0
    well = runner.run(shlex.join(sys.argv))
    if not args.no_report and args.launcher == 'local':
        write_report(recipe.work_dir, bool(to_do))
    return 0 if well else 1


def show_plan(recipe, runner) -> None:
    """Every stage, whether it would run, and why."""
    width = max(map(len, runner.tasks))
    for task in runner.tasks.values():
        what = 'done   ' if task.state == 'done' else 'run    ' if task.state == 'waiting' else 'leave  '
        why = task.note if task.state == 'done' else task.reason
        print(f'{what} {task.name:{width}}  {task.instance.type.__name__:12}  {why}')
    count = sum(task.state == 'waiting' for task in runner.tasks.values())
    print(f'{count} of {len(runner.tasks)} stages would run, in {recipe.work_dir}')


def write_report(work_dir: Path, changed: bool) -> None:
    """The report, made anew if something ran or there is none."""
    out = work_dir / 'report.html'
    if changed or not out.is_file():
        from mmcomp.recipes.report import write_report as write
        out = write(work_dir)
    print(f'report: {out}')


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
