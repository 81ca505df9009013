"""A stage at one point of its matrix, and how its settings are walked."""
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmcomp.recipes.stage import Output, Stage


@dataclass(frozen=True)
class Bound:
    """A reference of a setting after binding: the instance and the output it means."""
    instance: str
    output: str


@dataclass(frozen=True)
class Outside:
    """A file or folder that no stage makes."""
    path: Path


@dataclass
class Instance:
    """A stage at one point of its matrix.

    ``settings`` are as written, with :class:`Bound` and :class:`Outside` in
    the place of references and paths; ``inputs`` are those by where they stand.
    """
    name: str
    base: str
    axes: dict[str, Any]
    type: type[Stage]
    settings: dict[str, Any]
    outputs: dict[str, Output]
    gpus: int = 0
    slurm: dict[str, Any] = field(default_factory=dict)

    def bound(self) -> list[tuple[str, Bound]]:
        """References, each with the setting it stands in."""
        return [(where, leaf) for where, leaf in leaves(self.settings) if isinstance(leaf, Bound)]

    def outside(self) -> list[tuple[str, Outside]]:
        """Files from outside, each with the setting it stands in."""
        return [(where, leaf) for where, leaf in leaves(self.settings) if isinstance(leaf, Outside)]

    def config(self) -> Path | None:
        """The config file of a stage that has one."""
        return next((leaf.path for where, leaf in self.outside() if is_config(self.type, where)), None)


def leaves(value: Any, where: str = '') -> Iterator[tuple[str, Any]]:
    """``(dotted place, value)`` of everything in nested dicts and lists."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from leaves(item, f'{where}.{key}' if where else str(key))
    elif isinstance(value, (list, tuple)):
        for at, item in enumerate(value):
            yield from leaves(item, f'{where}.{at}')
    else:
        yield where, value


def replaced(value: Any, change: Callable[[Any], Any]) -> Any:
    """A copy of nested dicts and lists with ``change`` applied to the leaves."""
    if isinstance(value, Mapping):
        return {key: replaced(item, change) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [replaced(item, change) for item in value]
    return change(value)


def is_config(cls: type[Stage], where: str) -> bool:
    """Whether a setting names a config file."""
    field = cls.setting(where)
    return field is not None and bool(field.metadata.get('config'))


def as_written(leaf: Any) -> Any:
    """References and paths as a recipe writes them."""
    if isinstance(leaf, Bound):
        return f'@{leaf.instance}.{leaf.output}'
    return str(leaf.path) if isinstance(leaf, Outside) else leaf
