"""Measure what a recipe's runner costs: stages that do nothing, and a recipe that is finished."""
import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

EXAMPLE = """\
example:
  python tools/benchmarks/recipe_overhead.py --stages 200

The peer is the plain way: a shell that calls the same programs one after the other."""
RECIPE = """\
stages = dict(a0=dict(type='Command', command=['{{python}}', '-S', '-E', '-c', ''], leaves=dict()))
stages.update({{f'a{{i}}': dict(stages['a0']) for i in range(1, {count})}})
"""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--stages', type=int, default=200, metavar='N', help='(default 200)')
    parser.add_argument('--jobs', type=int, nargs='+', default=[1, 2], metavar='N',
                        help='stages side by side (default 1 2)')
    return parser.parse_args(argv)


def timed(*words: str) -> float:
    start = time.perf_counter()
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main(argv=None):
    args = parse_args(argv)
    from mmcomp.cli import tools_folder
    run = [sys.executable, str(tools_folder() / 'run_recipe.py')]
    print('| what | seconds | a stage, ms |\n|---|---|---|')
    with tempfile.TemporaryDirectory() as folder:
        recipe = Path(folder) / 'recipe.py'
        recipe.write_text(RECIPE.format(count=args.stages))
        loop = f'for i in $(seq {args.stages}); do {sys.executable} -S -E -c ""; done'
        rows = [('a shell, one after the other', timed('sh', '-c', loop))]
        for jobs in args.jobs:
            words = [*run, str(recipe), '--work-dir', f'{folder}/{jobs}', '--jobs', str(jobs), '--no-report']
            rows.append((f'recipe, --jobs {jobs}', timed(*words)))
        rows += [('finished recipe, again', timed(*words)), ('finished recipe, --dry-run', timed(*words, '--dry-run')),
                 ('python -c "import numpy"', timed(sys.executable, '-c', 'import numpy'))]
    for name, seconds in rows:
        print(f'| {name} | {seconds:.2f} | {1000 * seconds / args.stages:.1f} |')


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
