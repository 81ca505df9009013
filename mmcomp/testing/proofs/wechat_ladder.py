"""What each step of the video and text system adds, over seeds of made-up data, split and trainings."""
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mmcomp.errors import DataError
from mmcomp.recipes.recipe import load_recipe
from mmcomp.recipes.runner import RecipeRunner
from mmcomp.recipes.state import STATE, read_json
from mmcomp.recipes.views import PlainView
from mmcomp.testing.speed.measuring import markdown

SCORES = ('score', 'macro')


def climb(recipe: Path, folder: Path, seed: int, jobs: int = 1, settings: Sequence[str] = (),
          view: Any = None) -> tuple[dict[str, dict[str, float]], float]:
    """Run the recipe with one seed for everything that is drawn; what is done is not done again.

    Args:
        recipe: Its stages ``score`` and ``macro`` are of the type ``Score``.
        folder: Its work folder.
        seed: Of the data, the split and the trainings.
        jobs: Stages side by side.
        settings: More ``key=value`` changes.
        view: Shows what happens, see :mod:`mmcomp.recipes.views`.

    Returns:
        ``{step: {stage: value}}``, and the seconds that all stages took.

    Raises:
        DataError: If a stage failed.
    """
    runner = RecipeRunner(load_recipe(recipe, [f'stages.*.seed={seed}', *settings], folder), jobs, view=view)
    if not runner.run():
        failed = {task.name: task.reason for task in runner.tasks.values() if task.state == 'failed'}
        raise DataError(f'{folder}: stages failed: {failed}. Their logs say more.')
    steps: dict[str, dict[str, float]] = {}
    for stage in SCORES:
        for rung in json.loads((runner.tasks[stage].folder.path / 'ladder.json').read_text(encoding='utf-8')):
            steps.setdefault(rung['name'], {})[stage] = rung['accuracy']
    told = [read_json(task.folder.path / STATE) or {} for task in runner.tasks.values()]
    return steps, sum(row.get('seconds', 0.) for row in told)


def measure(recipe: Path, rows: Callable[[list], list], out: Path, folder: Path, seeds: Sequence[int], jobs: int = 1,
            settings: Sequence[str] = ()) -> str:
    """Climb once a seed; the table of those that are done, written anew after each.

    Args:
        recipe: See :func:`climb`.
        rows: Makes the rows of the table of what :func:`climb` found, a seed each.
        out: The file of the table.
        folder: A work folder a seed goes here.
        seeds: See :func:`climb`.
        jobs: Stages side by side.
        settings: More ``key=value`` changes.
    """
    results, text = [], ''
    for seed in seeds:
        print(f'seed {seed}', flush=True)
        results.append(climb(recipe, folder / f'seed{seed}', seed, jobs, settings, PlainView('')))
        seconds = ', '.join(f'{s:.0f}' for _, s in results)
        text = f'{markdown(rows([steps for steps, _ in results]))}\n\n' \
               f'Seeds {list(seeds[:len(results)])}; seconds a seed: {seconds}.\n'
        out.write_text(text, encoding='utf-8')
    return text


def ladder_rows(seeds: Sequence[dict[str, dict[str, float]]], titles: Sequence[str] = ('score', 'macro-F1')) -> list:
    """Rows of a markdown table: mean and standard deviation over seeds of each step."""
    rows = [['step', *titles]]
    for step in seeds[0]:
        values = [[seed[step][stage] for seed in seeds] for stage in SCORES]
        rows.append([step, *map(_told, values)])
    return rows


def _told(values: Sequence[float]) -> str:
    spread = f' ± {np.std(values, ddof=1):.3f}' if len(values) > 1 else ''
    return f'{np.mean(values):.3f}{spread}'
