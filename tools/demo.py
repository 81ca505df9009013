"""Walk the whole road on handwritten digits, from noisy labels to a submission."""
import argparse
import os
from pathlib import Path

EXAMPLE = """examples:
  mmcomp demo                     the whole road, some ten minutes on two CPU cores; the second time, seconds
  mmcomp demo --quick             the same steps with next to no training
  mmcomp demo --data-only         only the data, for configs/demo with the plain tools

It is `mmcomp run configs/demo/recipe.py`. What is there already is used again, so a demo that was stopped goes on where
it was. It ends with report.html, a page that shows what happened."""
QUICK = {'stages.*.options.train_cfg.max_epochs': 2, 'stages.data.test_per_class': 12, 'stages.data.val_per_class': 130}


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs/demo'), metavar='DIR',
                        help='where all results go (default %(default)s)')
    parser.add_argument('--seed', type=int, default=0, help='of the data and of all trainings (default 0)')
    parser.add_argument('--jobs', type=int, default=min(2, os.cpu_count() or 1), metavar='N',
                        help='stages side by side (default %(default)s)')
    parser.add_argument('--quick', action='store_true',
                        help='few images, two epochs a training: shows the steps, not their worth')
    parser.add_argument('--data-only', action='store_true', help='write the data to data/digits and stop')
    return parser.parse_args(argv)


def write_data(root: Path, seed: int, quick: bool) -> None:
    from mmcomp.testing.digits import write_digits, write_extras
    # A large validation part leaves a small training pool.
    small = dict(test_per_class=12, val_per_class=130) if quick else {}
    sizes = write_digits(root, noise=.3, imbalance=10, seed=seed, **small)
    write_extras(root)
    print(f'{root}: {", ".join(f"{number} {split}" for split, number in sizes.items())}')


def show_ladder(runner) -> None:
    """The accuracy after each step."""
    import json

    from rich.console import Console
    from rich.table import Table

    from mmcomp.recipes.ladder import Rung, ladder_rows
    file = runner.tasks['score'].folder.path / 'ladder.json'
    table = Table(title='Accuracy on the test set, against its held-back labels')
    for name, justify in (('after this step', 'left'), ('accuracy, %', 'right'), ('gain over the step above', 'right')):
        table.add_column(name, justify=justify)
    for row in ladder_rows([Rung(**rung) for rung in json.loads(file.read_text(encoding='utf-8'))]):
        table.add_row(*row)
    Console().print(table)
    print('± is one standard error; that of a gain is over the same images, pair by pair.')


def main(argv=None):
    args = parse_args(argv)
    if args.data_only:
        return write_data(Path('data/digits'), args.seed, args.quick)
    # Read when torch is loaded; more threads get in each other's way on models this small.
    os.environ.setdefault('OMP_NUM_THREADS', '1')
    import sys
    import time

    from mmcomp.recipes.recipe import load_recipe
    from mmcomp.recipes.report import write_report
    from mmcomp.recipes.runner import RecipeRunner
    from mmcomp.recipes.views import LiveView, PlainView
    start, path = time.perf_counter(), Path(__file__).resolve().parents[1] / 'configs/demo/recipe.py'
    settings = {'stages.*.seed': args.seed, **(QUICK if args.quick else {})}
    recipe = load_recipe(path, settings, args.work_dir)
    view = (LiveView if sys.stdout.isatty() else PlainView)(f'mmcomp demo --work-dir {args.work_dir} #')
    print('Digits with 30 % wrong training labels, a tenfold long tail and an even test set')
    runner = RecipeRunner(recipe, args.jobs, (), view)
    if not runner.run('mmcomp demo'):
        return 1
    show_ladder(runner)
    print(f'{time.perf_counter() - start:.0f} s. Submission: {args.work_dir / "submission.csv"}')
    print(f'Look at {write_report(args.work_dir)}')


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
