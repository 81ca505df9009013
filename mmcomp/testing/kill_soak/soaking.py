"""A training is killed again and again until it ends by itself, then compared with one that nobody disturbed."""
import json
import random
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .comparing import compare, compare_predictions
from .processes import KINDS, Moments, output_file, run_once


@dataclass(frozen=True)
class Soak:
    """What came of killing trainings of one recipe.

    Args:
        recipe: Its name.
        ranks: Processes of the training.
        kills: Moments of the kills, ``kind number rank``.
        differences: What differs from the undisturbed training; empty if nothing does.
        seconds: Wall time.
    """
    recipe: str
    ranks: int
    kills: Sequence[str]
    differences: Sequence[str]
    seconds: float


def soak(name: str, config: Path, folder: Path, ranks: int = 1, kills: int = 25, chain: int = 5,
         seed: int = 0) -> Soak:
    """Kill trainings ``kills`` times in all and compare the ends with an undisturbed one.

    Args:
        name: Of the recipe.
        config: Its config.
        folder: Work folders go here.
        ranks: Processes of a training.
        kills: How many.
        chain: Kills a training at most, before it may end.
        seed: Of the moments.
    """
    began, chance, done, differences = time.monotonic(), random.Random(f'{name}{ranks}{seed}'), [], []
    calm = folder / f'{name}-{ranks}-calm'
    if any(codes := run_once(config, calm, ranks)):
        raise RuntimeError(f'{calm}: the undisturbed training ended with {codes}; see {output_file(calm)}')
    seen = json.loads((calm / 'moments0.json').read_text())
    while len(done) < kills:
        work = folder / f'{name}-{ranks}-{len(done)}'
        for _ in range(min(chain, kills - len(done))):
            kind = chance.choice([kind for kind in KINDS if seen[kind]])
            number, victim = chance.randint(1, max(1, seen[kind] // 2)), chance.randrange(ranks)
            victim = 0 if kind == 'write' else victim
            codes = run_once(config, work, ranks, victim, Moments(kind, number))
            if not any(codes):
                break
            done.append(f'{kind} {number} rank {victim}')
        else:
            codes = run_once(config, work, ranks)
        if any(codes):
            differences.append(f'{work.name}: ended with {codes}')
        else:
            found = compare(calm, work) + compare_predictions(config, calm, work)
            differences += [f'{work.name} ({"; ".join(done[-chain:])}): {difference}' for difference in found]
        if not differences:
            shutil.rmtree(work)
    return Soak(name, ranks, done, differences, time.monotonic() - began)
