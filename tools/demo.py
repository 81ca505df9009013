"""Walk the whole road on handwritten digits, from noisy labels to a submission."""
import argparse
import os
from pathlib import Path

EXAMPLE = """\
examples:
  mmcomp demo                     the whole road, a quarter of an hour on a CPU core; the second time, seconds
  mmcomp demo --quick             the same steps with next to no training
  mmcomp demo --data-only         only the data, for configs/demo with the plain tools

What is there already is used again, so a demo that was stopped goes on where it was."""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs/demo'), metavar='DIR',
                        help='where all results go (default %(default)s)')
    parser.add_argument('--seed', type=int, default=0, help='of the data and of all trainings (default 0)')
    parser.add_argument('--quick', action='store_true',
                        help='few images, two epochs a training: shows the steps, not their worth')
    parser.add_argument('--data-only', action='store_true', help='write the data to data/digits and stop')
    return parser.parse_args(argv)


def write_data(root: Path, seed: int, quick: bool = False) -> str:
    from mmcomp.recipes.digits_road import write_extras
    from mmcomp.testing.digits import write_digits
    # A large validation part leaves a small training pool.
    small = dict(test_per_class=12, val_per_class=130) if quick else {}
    sizes = write_digits(root, noise=.3, imbalance=10, seed=seed, **small)
    write_extras(root)
    return ', '.join(f'{number} {split}' for split, number in sizes.items())


def report(work, result, seconds: float) -> None:
    """The table on the screen and in ``ladder.md``, the picture in ``road.png``."""
    from rich.console import Console
    from rich.table import Table

    from mmcomp.recipes.ladder import ladder_rows, write_ladder
    from mmcomp.visualization.road_chart import draw_road
    table = Table(title='Accuracy on the test set, against its held-back labels')
    for name, justify in (('after this step', 'left'), ('accuracy, %', 'right'), ('gain over the step above', 'right')):
        table.add_column(name, justify=justify)
    for row in ladder_rows(result.ladder.rungs):
        table.add_row(*row)
    Console().print(table)
    print('± is one standard error; that of a gain is over the same images, pair by pair.')
    write_ladder(work / 'ladder.md', result.ladder.rungs)
    steps = [(r.name, r.accuracy, r.error) for r in result.ladder.rungs]
    before, after = (result.ladder.read(path) for path in (result.ensemble, result.labels))
    draw_road(steps, before, after, len(result.ladder.classes), work / 'road.png')
    print(f'{seconds:.0f} s. See {work / "road.png"}, {work / "ladder.md"}, {result.submission}; '
          f'what libraries said is in {work / "console.txt"}')


def main(argv=None):
    args = parse_args(argv)
    # Read when torch is loaded. Models this small gain little from a second thread, and on a busy host threads that
    # wait for each other were seen to cost several times as much.
    os.environ.setdefault('OMP_NUM_THREADS', '1')
    import time
    if args.data_only:
        print(f'data/digits: {write_data(Path("data/digits"), args.seed, args.quick)}')
        return
    from mmcomp.recipes.digits_road import QUICK, Effort, run_road
    from mmcomp.recipes.work_folder import WorkFolder
    start, work = time.perf_counter(), WorkFolder(args.work_dir)
    root = work / 'data'
    print('Digits with 30 % wrong training labels, a tenfold long tail and an even test set')
    work.step('data', lambda: write_data(root, args.seed, args.quick), [root / 'sample_submission.csv'],
              settings=[args.seed, args.quick], folder=root)
    configs = Path(__file__).resolve().parents[1] / 'configs/demo'
    result = run_road(work, root, configs, QUICK if args.quick else Effort(), args.seed)
    report(work, result, time.perf_counter() - start)


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
