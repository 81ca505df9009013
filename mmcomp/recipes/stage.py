"""What a stage of a recipe is: settings, typed inputs and outputs, and a way to run it.

Torch-free, so that a recipe is planned, checked and found finished without loading a model.
"""
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar

from mmcomp.errors import ConfigError, did_you_mean, fault

KINDS = {
    'annotations': 'a list of samples and labels',
    'folder': 'a folder',
    'model': 'a folder with config.py and weights.pth',
    'weights': 'a checkpoint',
    'table': 'a prediction table',
    'labels': 'a CSV of ids and classes',
    'shares': 'ensemble weights',
    'submission': 'a submission',
    'ladder': 'accuracies step by step',
    'file': 'a file',
}


@dataclass(frozen=True)
class Output:
    """A file or folder that a stage leaves: its kind, and its name in the stage's folder."""
    kind: str
    name: str


def takes(*kinds: str, many: bool = False, optional: bool = False) -> Any:
    """A field that takes outputs of other stages (``@stage``) or files from outside.

    Args:
        *kinds: Kinds that fit; see :data:`KINDS`.
        many: A list or a dict of them; a stage with a matrix gives all its instances.
        optional: May be None, the default then.
    """
    default = dict(default=None) if optional else {}
    return field(metadata=dict(kinds=kinds, many=many), kw_only=True, **default)


def config_file() -> Any:
    """A field that names a config file; its content decides the result."""
    return field(metadata=dict(config=True), kw_only=True)


@dataclass(frozen=True)
class Site:
    """Where and for whom a stage runs.

    Args:
        name: The stage's instance.
        folder: Its own; a killed run with the same settings may have left parts there.
        key: What decides the result, hashed.
        gpus: Numbers of the GPUs it may use; empty for the CPU.
        teachers: Instances of trainings that an input goes back to, by input.
        progress: Called with ``(done, total, what)``.
        told: What the stage found out beside its note: ``score`` and the ``metric`` that it is of.
        launcher: How several processes are started: ``pytorch`` on this host, ``slurm`` in a job.
    """
    name: str
    folder: Path
    key: str
    gpus: Sequence[int] = ()
    teachers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    progress: Callable[[float, float, str], None] = lambda done, total, what='': None
    told: dict[str, Any] = field(default_factory=dict)
    launcher: str = 'pytorch'

    def origin(self, **more: Any) -> dict:
        """Where a table comes from: names and hashes, no time, host or path."""
        return dict(stage=self.name, key=self.key, **more)


@dataclass(frozen=True)
class Stage:
    """One step of a recipe: a frozen dataclass whose fields are its settings.

    ``takes`` fields are its inputs; ``outputs`` are what it leaves. ``run`` is
    called with paths in the place of references, and returns what to say.
    """
    outputs: ClassVar[dict[str, Output]] = {}
    uses_torch: ClassVar[bool] = False
    # Where there are any, and the recipe says nothing else.
    default_gpus: ClassVar[int] = 0
    # Made from stored tables alone, the same on every machine.
    replayable: ClassVar[bool] = False

    def declared_outputs(self) -> dict[str, Output]:
        """Outputs by name; by default the class's."""
        return self.outputs

    def run(self, site: Site) -> str | None:
        """Write the outputs into ``site.folder``."""
        raise NotImplementedError

    @classmethod
    def setting(cls, name: str):
        """The dataclass field of a setting, or None."""
        return next((f for f in fields(cls) if f.name == name), None)


class StageRegistry:
    """Stage types by name."""

    def __init__(self):
        self._types: dict[str, type[Stage]] = {}

    def register_module(self) -> Callable[[type[Stage]], type[Stage]]:
        """A decorator for a :class:`Stage`; a name taken is refused."""
        def register(cls: type[Stage]) -> type[Stage]:
            if cls.__name__ in self._types:
                raise KeyError(f'{cls.__name__} is a stage already')
            self._types[cls.__name__] = cls
            return cls
        return register

    def get(self, name: str, where: str) -> type[Stage]:
        """The type, or a :class:`ConfigError` that suggests one."""
        if name not in self._types:
            raise ConfigError(f'{where}: `{name}` is no stage type.{did_you_mean(name, self._types)} '
                              f'There are {", ".join(sorted(self._types))}.')
        return self._types[name]

    def __iter__(self):
        return iter(self._types)


STAGES = StageRegistry()


@dataclass(frozen=True)
class Reference:
    """``@stage[axis=value].output``: what another stage leaves.

    ``output`` is empty where the first of a fitting kind is meant; ``axes``
    picks instances of a stage with a matrix.
    """
    stage: str
    output: str = ''
    axes: tuple[tuple[str, str], ...] = ()

    FORM: ClassVar[re.Pattern] = re.compile(r'@([A-Za-z_][\w-]*)(?:\[([^\]]*)\])?(?:\.(\w+))?')

    @classmethod
    def parse(cls, text: str, where: str) -> 'Reference':
        """The reference in ``text``."""
        match = cls.FORM.fullmatch(text)
        pairs = [pair.partition('=') for pair in (match[2] or '').split(',') if pair.strip()] if match else []
        if not match or any(not equals for _, equals, _ in pairs):
            raise ConfigError(fault(where, 'reference', '@stage, @stage.output or @stage[axis=value].output', text,
                                    'Correct it.'))
        return cls(match[1], match[3] or '', tuple((axis.strip(), value.strip()) for axis, _, value in pairs))


def is_reference(value: object) -> bool:
    """Whether a setting is a reference to another stage."""
    return isinstance(value, str) and value.startswith('@')
