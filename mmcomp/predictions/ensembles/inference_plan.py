"""Which models fit into a limit of time, disk and memory, and which of them are worth the most together."""
import csv
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mmcomp.errors import ConfigError, DataError, fault, shorten

EXACT = 20  # members of which all subsets are looked at
SLACK = 1e-9


@dataclass(frozen=True)
class Candidate:
    """A model that could be part of what is handed in.

    Args:
        name: What it is called.
        seconds: To predict the test set with it.
        gb: Of its files.
        family: Models of one family share the preparation of texts or images.
        preprocess_seconds: Of that preparation, spent once a family.
        ram_gb: While it predicts; models run one after the other.
        value: What it adds, where values add up; see :func:`plan_by_value`.
        table: Its out-of-fold predictions; see :func:`plan_by_score`.
    """
    name: str
    seconds: float
    gb: float
    family: str = ''
    preprocess_seconds: float = 0.
    ram_gb: float = 0.
    value: float = 1.
    table: str = ''


@dataclass(frozen=True)
class Limits:
    """What there is; None for no limit."""
    seconds: float | None = None
    gb: float | None = None
    ram_gb: float | None = None


@dataclass(frozen=True)
class InferencePlan:
    """The chosen models and what they need; ``binding`` says of each other one which limits it would break."""
    chosen: list[Candidate]
    left_out: list[Candidate]
    need: Limits
    limits: Limits
    value: float
    binding: dict[str, list[str]]

    def words(self) -> str:
        """What was chosen, what it needs of what there is, what binds."""
        lines = [f'{len(self.chosen)} of {len(self.chosen) + len(self.left_out)} models: '
                 f'{shorten([c.name for c in self.chosen], 40) or "none"}', f'value {self.value:.6g}']
        for name, word, unit in (('seconds', 'time', 's'), ('gb', 'files', 'GB'), ('ram_gb', 'memory', 'GB')):
            need, limit = getattr(self.need, name), getattr(self.limits, name)
            free = '' if limit is None else f' of {limit:g} {unit}, {limit - need:g} left'
            lines.append(f'{word}: {need:g} {unit}{free}')
        for name, broken in self.binding.items():
            why = f'{" and ".join(broken)} would be exceeded' if broken else 'it adds nothing'
            lines.append(f'left out {name}: {why}')
        return '\n'.join(lines)


def needed(members: Sequence[Candidate]) -> Limits:
    """What models need together: the sum of their times, and of the preparation of each family once; the sum of their
    files; the most memory of any."""
    preparation: dict[str, float] = {}
    for member in members:
        family = member.family or member.name
        preparation[family] = max(preparation.get(family, 0.), member.preprocess_seconds)
    return Limits(sum(m.seconds for m in members) + sum(preparation.values()), sum(m.gb for m in members),
                  max((m.ram_gb for m in members), default=0.))


def exceeded(need: Limits, limits: Limits) -> list[str]:
    """The names of the limits that are broken."""
    words = dict(seconds='time', gb='files', ram_gb='memory')
    return [word for name, word in words.items()
            if getattr(limits, name) is not None and getattr(need, name) > getattr(limits, name) + SLACK]


def plan_by_value(candidates: Sequence[Candidate], limits: Limits) -> InferencePlan:
    """The models that fit and whose values sum to the most; of equal sums those that need the least time.

    Up to 20 models all subsets are looked at; of more, those of the most value
    for their share of the limits are taken one by one.
    """
    _check(candidates, limits)
    if len(candidates) > EXACT:
        return plan_by_score(candidates, limits, lambda chosen: sum(candidates[at].value for at in chosen),
                             per_cost=True)
    mask = np.arange(1 << len(candidates), dtype=np.uint32)
    seconds, gb, ram, value = (np.zeros(len(mask)) for _ in range(4))
    families: dict[str, np.ndarray] = {}
    for at, one in enumerate(candidates):
        taken = (mask >> np.uint32(at) & np.uint32(1)).astype(bool)
        for total, amount in ((seconds, one.seconds), (gb, one.gb), (value, one.value)):
            total[taken] += amount
        np.maximum(ram, np.where(taken, one.ram_gb, 0.), out=ram)
        own = families.setdefault(one.family or one.name, np.zeros(len(mask)))
        np.maximum(own, np.where(taken, one.preprocess_seconds, 0.), out=own)
    seconds += sum(families.values())
    fits = np.ones(len(mask), dtype=bool)
    for total, limit in ((seconds, limits.seconds), (gb, limits.gb), (ram, limits.ram_gb)):
        fits &= total <= (np.inf if limit is None else limit + SLACK)
    possible = np.flatnonzero(fits)  # the empty set is always there
    best = possible[np.lexsort((seconds[possible], -np.round(value[possible], 12)))[0]]
    return _plan(candidates, [at for at in range(len(candidates)) if best >> at & 1], limits, float(value[best]))


def plan_by_score(candidates: Sequence[Candidate], limits: Limits, score: Callable[[list[int]], float],
                  per_cost: bool = False) -> InferencePlan:
    """Models taken one by one, always the one that raises the score the most and still fits, while it rises.

    Args:
        candidates: All models.
        limits: What there is.
        score: Of a list of places in ``candidates``, higher being better, such as that of their mean on out-of-fold
            predictions.
        per_cost: Take the most gain for the largest share of any limit, not the most gain.
    """
    _check(candidates, limits)
    chosen: list[int] = []
    value = -np.inf
    while True:
        trials = []
        for at in range(len(candidates)):
            if at in chosen or exceeded(needed([candidates[i] for i in (*chosen, at)]), limits):
                continue
            found = score([*chosen, at])
            gain = found if not np.isfinite(value) else found - value
            trials.append((gain / _share(candidates[at], limits) if per_cost else gain, found, at))
        best = max(trials, key=lambda trial: (trial[0], -trial[2]), default=None)
        if best is None or best[1] <= value:
            return _plan(candidates, sorted(chosen), limits, float(value) if chosen else 0.)
        value = best[1]
        chosen.append(best[2])


def read_candidates(path: str | os.PathLike) -> list[Candidate]:
    """Models of a CSV with a header: ``name,seconds,gb`` and, as one likes, ``family``, ``preprocess_seconds``,
    ``ram_gb``, ``value``, ``table``; ``count`` stands for so many models alike.

    Raises:
        DataError: If a column is missing or unknown, or a cell is no number.
    """
    try:
        with open(path, encoding='utf-8-sig', newline='') as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f'{path}: no CSV file of models ({error}). Check the path.') from error
    words, numbers = ('name', 'family', 'table'), ('seconds', 'gb', 'preprocess_seconds', 'ram_gb', 'value', 'count')
    names = list(rows[0]) if rows else []
    if not {'name', 'seconds', 'gb'} <= set(names) or not set(names) <= {*words, *numbers}:
        raise DataError(fault(path, 'columns', f'name, seconds, gb, and of {shorten([*words, *numbers], 9)}', names,
                              'Correct the header.'))
    found = []
    for line, row in enumerate(rows, 2):
        try:
            cells = {name: float(row[name]) for name in numbers if row.get(name)}
        except ValueError:
            raise DataError(fault(f'{path}:{line}', 'cells', 'numbers', row, 'Correct the row.')) from None
        count = int(cells.pop('count', 1))
        one = Candidate(**cells, **{name: row[name] for name in words if row.get(name)})
        found += [one] if count == 1 else [replace(one, name=f'{one.name}-{at}', family=one.family or one.name)
                                           for at in range(1, count + 1)]
    return found


def _check(candidates: Sequence[Candidate], limits: Limits) -> None:
    given = [limit for limit in (limits.seconds, limits.gb, limits.ram_gb) if limit is not None]
    if not all(limit >= 0 for limit in given):
        raise ConfigError(fault('inference plan', 'limits', 'not negative', given, 'Correct them.'))
    names = [one.name for one in candidates]
    if not names or len(set(names)) < len(names):
        raise ConfigError(fault('inference plan', 'models', 'some, of different names', shorten(names), 'Rename them.'))
    wrong = [one.name for one in candidates if not min(one.seconds, one.gb, one.ram_gb, one.preprocess_seconds) >= 0]
    if wrong:
        raise ConfigError(fault('inference plan', 'seconds, GB', 'not negative', shorten(wrong), 'Correct them.'))


def _share(one: Candidate, limits: Limits) -> float:
    """The largest part of any limit that a model takes."""
    return max((getattr(one, name) / limit for name in ('seconds', 'gb') if (limit := getattr(limits, name))),
               default=1.) or SLACK


def _plan(candidates: Sequence[Candidate], chosen: list[int], limits: Limits, value: float) -> InferencePlan:
    taken = [candidates[at] for at in chosen]
    left = [one for at, one in enumerate(candidates) if at not in chosen]
    return InferencePlan(taken, left, needed(taken), limits, value,
                         {one.name: exceeded(needed([*taken, one]), limits) for one in left})
