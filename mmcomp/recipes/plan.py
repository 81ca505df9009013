"""From a recipe's stages to the instances that run: matrices expanded, references bound, everything checked."""
import graphlib
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mmcomp.errors import ConfigError
from mmcomp.recipes.binding import Binder, noting
from mmcomp.recipes.instance import Instance
from mmcomp.recipes.matrices import expand


@dataclass(frozen=True)
class Plan:
    """All instances by name, each after those it needs."""
    instances: dict[str, Instance]

    def needs(self, name: str) -> list[str]:
        """Instances that one takes something from, each once."""
        return list(dict.fromkeys(bound.instance for _, bound in self.instances[name].bound()))

    def dependants(self, names: Sequence[str]) -> set[str]:
        """These instances and all that come after them."""
        found = set(names)
        for name in self.instances:
            if found & set(self.needs(name)):
                found.add(name)
        return found

    def ancestors(self, name: str) -> list[str]:
        """All that an instance goes back to, in the order of the plan."""
        found = {name}
        for other in reversed(self.instances):
            if other in found:
                found |= set(self.needs(other))
        return [other for other in self.instances if other in found and other != name]


def make_plan(stages: Mapping[str, Mapping], defaults: Mapping[str, Mapping] = {},  # noqa: B006 (only read)
              folders: Sequence[Path] = (Path(), ), need_files: bool = True) -> Plan:
    """Expand, bind and check all stages.

    Args:
        stages: Settings by stage name.
        defaults: Settings by stage type, beneath the stages' own.
        folders: Where paths from outside are looked for, one after the other.
        need_files: Whether files from outside must be there; configs must be.

    Raises:
        ConfigError: Everything that is wrong, in one message.
    """
    faults, expanded = [], {}
    for name, settings in stages.items():
        with noting(faults):
            expanded[name] = expand(name, settings, defaults)
    _refuse_same_names(expanded, faults)
    if not faults:
        for instance in itertools.chain(*expanded.values()):
            Binder(instance, expanded, folders, faults, need_files).bind()
    if faults:
        raise ConfigError('\n'.join(dict.fromkeys(faults)))
    instances = {i.name: i for i in itertools.chain(*expanded.values())}
    return Plan({name: instances[name] for name in _ordered(instances)})


def _refuse_same_names(expanded: Mapping[str, list[Instance]], faults: list[str]) -> None:
    owners: dict[str, str] = {}
    for instance in itertools.chain(*expanded.values()):
        if instance.name in owners:
            faults.append(f'stages {owners[instance.name]} and {instance.base} would both write '
                          f'stages/{instance.name}. Rename one, or make the values of a matrix differ.')
        owners.setdefault(instance.name, instance.base)
        files = [output.name for output in instance.outputs.values() if output.name != '.']
        doubled = sorted({name for name in files if files.count(name) > 1})
        if doubled:
            faults.append(f'stage {instance.base}: two of its outputs are the file {doubled[0]}. Rename one.')


def _ordered(instances: Mapping[str, Instance]) -> list[str]:
    """Names, each after what it needs, else as written."""
    graph = {name: [bound.instance for _, bound in instance.bound()] for name, instance in instances.items()}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        way = ' → '.join(reversed(error.args[1]))
        raise ConfigError(f'stages lead back to themselves: {way}. Cut the circle.') from error
    order, placed, waiting = [], set(), list(instances)
    while waiting:
        # The first as written whose needs are placed, so that the plan reads like the recipe.
        name = next(n for n in waiting if placed.issuperset(graph[n]))
        order.append(name)
        placed.add(name)
        waiting.remove(name)
    return order
