"""Stages with a matrix become instances, one for every combination of its values."""
import itertools
import re
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

from mmcomp.errors import ConfigError, did_you_mean, fault, shorten
from mmcomp.recipes.instance import Instance, replaced
from mmcomp.recipes.stage import STAGES, Stage

RESERVED = ('type', 'matrix', 'gpus', 'slurm')
PLACEHOLDER = re.compile(r'\{(\w+)(?:\.(\w+))?\}')


def expand(name: str, settings: Mapping, defaults: Mapping) -> list[Instance]:
    """All instances of a stage, their settings checked and filled in.

    Args:
        name: Of the stage.
        settings: As the recipe has them.
        defaults: Settings by stage type, beneath them.

    Raises:
        ConfigError: If the type or a setting is unknown, missing or of another kind.
    """
    where = f'stage {name}'
    if not isinstance(settings, Mapping) or 'type' not in settings:
        raise ConfigError(fault(where, 'settings', 'a dict with a type', settings, 'Write dict(type=\'Train\', …).'))
    if not re.fullmatch(r'[A-Za-z_][\w-]*', name):
        raise ConfigError(fault(where, 'name', 'letters, digits, _ and -', name, 'Rename it.'))
    cls = STAGES.get(settings['type'], where)
    settings = _merged(defaults.get(settings['type'], {}), settings)
    matrix = {axis: list(values) for axis, values in (settings.get('matrix') or {}).items()}
    empty = [axis for axis, values in matrix.items() if not values]
    if empty:
        raise ConfigError(fault(where, f'matrix.{empty[0]}', 'a list of values', [], 'Give one at least.'))
    own = {key: value for key, value in settings.items() if key not in RESERVED}
    instances = []
    for values in itertools.product(*matrix.values()):
        axes = dict(zip(matrix, values, strict=True))
        filled = replaced(own, lambda leaf, axes=axes: _fill(leaf, axes))
        _check_settings(cls, filled, where)
        outputs = cls(**filled).declared_outputs()
        title = '-'.join([name, *(_labelled(axis, value) for axis, value in axes.items())])
        gpus = _gpus(settings.get('gpus', cls.default_gpus), where)
        instances.append(Instance(title, name, axes, cls, filled, outputs, gpus, dict(settings.get('slurm') or {})))
    return instances


def _labelled(axis: str, value: Any) -> str:
    """``fold0``, ``seed1``; words stand for themselves."""
    return f'{axis}{label(value)}' if isinstance(value, (int, float)) else label(value)


def _merged(below: Mapping, above: Mapping) -> dict:
    """Nested dicts merged, ``above`` winning."""
    merged = dict(below)
    for key, value in above.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping) and not value.get('_delete_')
        merged[key] = _merged(merged[key], value) if both else value
    return merged


def _fill(leaf: Any, axes: Mapping) -> Any:
    """``'{seed}'`` becomes the value of the axis, ``'a-{round}.py'`` a text with it; ``'{member.last}'`` is an entry
    of an axis whose values are dicts."""
    if not isinstance(leaf, str) or not axes:
        return leaf

    def value(match: re.Match) -> Any:
        axis, entry = match.groups()
        if axis not in axes:
            return match[0]
        if entry is None:
            return axes[axis]
        if not isinstance(axes[axis], Mapping) or entry not in axes[axis]:
            raise ConfigError(fault('matrix', axis, f'dicts with `{entry}`', axes[axis], f'Add it for {match[0]}.'))
        return axes[axis][entry]

    whole = PLACEHOLDER.fullmatch(leaf)
    return value(whole) if whole else PLACEHOLDER.sub(lambda m: str(value(m)), leaf)


def label(value: Any) -> str:
    """How the value of an axis is written in names: dicts have a ``name``."""
    said = str(value.get('name', '') if isinstance(value, Mapping) else value)
    return re.sub(r'[^\w.+-]+', '_', said).strip('_')


def _gpus(value: Any, where: str) -> int:
    if not isinstance(value, int) or value < 0:
        raise ConfigError(fault(where, 'gpus', 'a number of GPUs', value, 'Give 0, 1, 8, … .'))
    return value


def _check_settings(cls: type[Stage], settings: Mapping, where: str) -> None:
    known = {f.name: f for f in fields(cls)}
    for key, value in settings.items():
        if key not in known:
            raise ConfigError(f'{where}: {cls.__name__} has no setting `{key}`.'
                              f'{did_you_mean(key, [*known, *RESERVED])} It has {", ".join([*known, *RESERVED])}.')
        plain = {int: int, float: (int, float), bool: bool, str: str}.get(known[key].type)
        wrong = plain and (not isinstance(value, plain) or isinstance(value, bool) and known[key].type is not bool)
        if wrong and not known[key].metadata:
            raise ConfigError(fault(where, key, f'of type {known[key].type.__name__}', value, 'Correct it.'))
    missing = [f.name for f in known.values()
               if f.name not in settings and f.default is MISSING and f.default_factory is MISSING]
    if missing:
        raise ConfigError(f'{where}: {cls.__name__} needs {shorten(f"`{m}`" for m in missing)}. Set it.')
