"""What a work folder holds: the instances of its plan, how they stand and where their results are."""
import fnmatch
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mmcomp.errors import DataError
from mmcomp.recipes.instance import leaves
from mmcomp.recipes.stage import is_reference
from mmcomp.recipes.state import PLAN, StageFolder, read_json

BROKEN = ('failed', 'stopped', 'blocked')


@dataclass(frozen=True)
class Item:
    """An instance as ``plan.json`` and its ``stage.json`` tell of it.

    ``state`` is done, running, failed, stopped, blocked (something it needs
    did not end well) or waiting; ``record`` the content of ``stage.json``.
    """
    name: str
    base: str
    axes: dict[str, Any]
    type: str
    key: str
    folder: Path
    needs: list[str]
    outputs: dict[str, list[str]]
    settings: dict[str, Any]
    state: str = 'waiting'
    record: dict[str, Any] = field(default_factory=dict)

    def output(self, name: str) -> Path:
        """The path of an output."""
        return self.folder / self.outputs[name][1]

    def first(self, kind: str) -> Path | None:
        """The path of its first output of a kind, or None."""
        return next((self.output(name) for name, (found, _) in self.outputs.items() if found == kind), None)


class Work:
    """A work folder.

    Args:
        path: It; ``plan.json`` must be inside.

    Raises:
        DataError: If no recipe ran there.
    """

    def __init__(self, path: Path):
        self.path = path
        plan = read_json(path / PLAN)
        if not plan.get('instances'):
            raise DataError(f'{path}: there is no {PLAN}. Give the work folder of a recipe that was run.')
        self.title, self.recipe = plan.get('title', ''), plan.get('recipe', '')
        # With the options of the run, where it was told them.
        self.retry = plan.get('retry') or shlex.join(['mmcomp', 'run', self.recipe, '--work-dir', str(path)])
        self.items: dict[str, Item] = {}
        for said in plan['instances']:
            self.items[said['name']] = self._item(said)
        self.notes: list[str] = []

    def _item(self, said: dict[str, Any]) -> Item:
        folder = self.path / said['folder']
        record = read_json(folder / 'stage.json')
        known = {key: said[key] for key in ('name', 'base', 'axes', 'type', 'key', 'needs', 'outputs', 'settings')}
        state = record.get('state')
        if state == 'running' and not StageFolder(folder, said['key']).running():
            state, record = 'stopped', {'reason': 'was cut off', **record}
        if state is None:
            blocked = any(self.items[need].state in BROKEN for need in said['needs'] if need in self.items)
            state = 'blocked' if blocked else 'waiting'
        return Item(**known, folder=folder, state=state, record=record)

    def of(self, reference: Any) -> tuple[Item, str] | None:
        """The instance and the name of the output that ``@instance.output`` means, or None."""
        if not is_reference(reference):
            return None
        name, _, output = reference[1:].rpartition('.')
        item = self.items.get(name)
        if not item or output not in item.outputs:
            return None
        return next((view for view in self.views(item) if output in view.outputs), item), output

    def views(self, item: Item) -> list[Item]:
        """A prediction by several models in one pass as one by each: its model and its table alone; else nothing."""
        also = (item.settings.get('also') or {}) if item.type == 'Predict' else {}
        found = []
        for name, model in (dict(table=item.settings.get('model'), **also) if also else {}).items():
            settings = dict(item.settings, model=model, also=None)
            needs = [leaf[1:].rpartition('.')[0] for _, leaf in leaves(settings) if is_reference(leaf)]
            found.append(replace(item, name=f'{item.name}.{name}', settings=settings, needs=needs,
                                 outputs={name: item.outputs[name]}))
        return found

    def path_of(self, leaf: Any) -> Path | None:
        """The existing path that a setting means, or None."""
        found = self.of(leaf)
        path = found[0].output(found[1]) if found else Path(leaf) if isinstance(leaf, str) and leaf else None
        try:
            return path if path is not None and path.exists() else None
        except OSError:  # a text too long for a path
            return None

    def many(self, item: Item, setting: str) -> list[Item]:
        """Instances that a list of references names."""
        found = (self.of(leaf) for _, leaf in leaves(item.settings.get(setting)))
        return [pair[0] for pair in found if pair]

    def ancestors(self, item: Item) -> list[Item]:
        """Everything an instance goes back to, itself included, in the order of the plan."""
        view = item.name not in self.items
        names = set(item.needs) if view else {item.name}
        for other in reversed(self.items.values()):
            if other.name in names:
                names |= set(other.needs)
        return [other for other in self.items.values() if other.name in names] + [item] * view

    def done(self, pattern: str = '*') -> Iterator[Item]:
        """Finished instances of a type; predictions by several models one by one."""
        return (view for item in self.items.values() if item.state == 'done' and fnmatch.fnmatch(item.type, pattern)
                for view in self.views(item) or [item])

    def fold_axes(self, item: Item) -> set[str]:
        """Axes of an instance that come from the folds it goes back to."""
        return {axis for other in self.ancestors(item) if other.type == 'Split' for axis in other.axes}

    def note(self, text: object) -> None:
        """Keep a sentence on what could not be read."""
        if str(text) not in self.notes:
            self.notes.append(str(text))


def axes_text(axes: dict[str, Any]) -> str:
    """``member swin_b, seed 1`` with hard spaces; an axis of dicts goes by their names."""
    return ', '.join(f'{axis}\u00a0{value.get("name", value) if isinstance(value, dict) else value}'
                     for axis, value in axes.items())
