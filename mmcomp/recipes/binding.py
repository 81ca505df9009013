"""References to other stages and paths of files, found and checked for one instance."""
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmcomp.errors import ConfigError, did_you_mean, fault, shorten
from mmcomp.recipes.instance import Bound, Instance, Outside, is_config, replaced
from mmcomp.recipes.matrices import label
from mmcomp.recipes.stage import KINDS, Output, Reference, is_reference


class noting:
    """Collects a :class:`ConfigError` instead of raising it."""

    def __init__(self, faults: list[str]):
        self.faults = faults

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace) -> bool:
        if isinstance(error, ConfigError):
            self.faults.append(str(error))
            return True
        return False


class Binder:
    """Binds the references and paths of one instance.

    Args:
        instance: Its settings are changed in place.
        expanded: Instances by stage.
        folders: Where files from outside are looked for.
        faults: What is wrong is added here.
        need_files: Whether files from outside must be there.
    """

    def __init__(self, instance: Instance, expanded: Mapping[str, list[Instance]], folders: Sequence[Path],
                 faults: list[str], need_files: bool):
        self.instance, self.expanded, self.folders, self.faults = instance, expanded, folders, faults
        self.need_files = need_files

    def bind(self) -> None:
        """Put :class:`Bound` and :class:`Outside` in the place of references and paths."""
        settings = self.instance.settings
        for key, value in settings.items():
            field = self.instance.type.setting(key)
            with noting(self.faults):
                if field.metadata.get('config'):
                    settings[key] = self._outside(key, value)
                elif 'kinds' in field.metadata and value is not None:
                    settings[key] = self._input(key, value, field.metadata['kinds'], field.metadata['many'])
                else:
                    settings[key] = replaced(value, lambda leaf, key=key: self._any(key, leaf))

    def _where(self, key: str) -> str:
        return f'stage {self.instance.base}, {key}'

    def _input(self, key: str, value: Any, kinds: Sequence[str], many: bool) -> Any:
        if isinstance(value, Mapping) and many:
            return {name: self._one(f'{key}.{name}', item, kinds) for name, item in value.items()}
        if isinstance(value, str) and not many:
            return self._one(key, value, kinds)
        if many:
            items = [value] if isinstance(value, str) else value
            return [bound for item in items for bound in self._all(key, item, kinds)]
        raise ConfigError(fault(self._where(key), key, '@stage or a path', value, 'Correct it.'))

    def _any(self, key: str, leaf: Any) -> Any:
        return self._one(key, leaf, tuple(KINDS)) if is_reference(leaf) else leaf

    def _one(self, key: str, text: str, kinds: Sequence[str]) -> Any:
        found = self._all(key, text, kinds)
        if len(found) > 1:
            raise ConfigError(f'{self._where(key)}: `{text}` is {len(found)} results: '
                              f'{shorten(b.instance for b in found)}. Pick one as in @stage[axis=value], or give this '
                              'stage the same matrix.')
        return found[0]

    def _all(self, key: str, text: str, kinds: Sequence[str]) -> list[Any]:
        if not is_reference(text):
            return [self._outside(key, text)]
        where = self._where(key)
        reference = Reference.parse(text, where)
        if reference.stage not in self.expanded:
            raise ConfigError(f'{where}: there is no stage `{reference.stage}`.'
                              f'{did_you_mean(reference.stage, self.expanded)}')
        candidates = self._matching(where, reference)
        output = self._output(where, reference, candidates[0].outputs, kinds)
        return [Bound(candidate.name, output) for candidate in candidates]

    def _matching(self, where: str, reference: Reference) -> list[Instance]:
        """Instances with the axes asked for, and with this instance's value on every axis they share."""
        candidates, picked = self.expanded[reference.stage], dict(reference.axes)
        known = candidates[0].axes
        unknown = [axis for axis in picked if axis not in known]
        if unknown:
            raise ConfigError(f'{where}: stage {reference.stage} has no axis `{unknown[0]}`.'
                              f'{did_you_mean(unknown[0], known)} It has {", ".join(known) or "none"}.')
        wanted = {axis: label(value) for axis, value in self.instance.axes.items() if axis in known} | picked
        found = [c for c in candidates if all(label(c.axes[axis]) == value for axis, value in wanted.items())]
        if not found:
            raise ConfigError(f'{where}: stage {reference.stage} has no instance with '
                              f'{", ".join(f"{a}={v}" for a, v in wanted.items())}. Make the matrices fit.')
        return found

    @staticmethod
    def _output(where: str, reference: Reference, outputs: Mapping[str, Output], kinds: Sequence[str]) -> str:
        if reference.output:
            if reference.output not in outputs:
                raise ConfigError(f'{where}: stage {reference.stage} has no output `{reference.output}`.'
                                  f'{did_you_mean(reference.output, outputs)} It has {", ".join(outputs)}.')
            fitting = [reference.output] if outputs[reference.output].kind in kinds else []
        else:
            fitting = [name for name, output in outputs.items() if output.kind in kinds]
        if not fitting:
            got = ', '.join(f'{name} ({output.kind})' for name, output in outputs.items()) or 'nothing'
            raise ConfigError(f'{where}: needs {" or ".join(KINDS[k] for k in kinds)}; stage {reference.stage} leaves '
                              f'{got}. Name another stage.')
        alike = [name for name in fitting if outputs[name].kind == outputs[fitting[0]].kind]
        if len(alike) > 1 and len(kinds) < len(KINDS):
            choice = ' or '.join(f'@{reference.stage}.{name}' for name in alike)
            raise ConfigError(f'{where}: `@{reference.stage}` could be {choice}. Write which.')
        return fitting[0]

    def _outside(self, key: str, text: Any) -> Outside:
        if not isinstance(text, str):
            raise ConfigError(fault(self._where(key), key, '@stage or a path', text, 'Correct it.'))
        for folder in self.folders:
            if (folder / Path(text).expanduser()).exists():
                return Outside((folder / Path(text).expanduser()).resolve())
        if not self.need_files and not is_config(self.instance.type, key):
            return Outside(Path(text))
        beside = [path.name for folder in self.folders for path in (folder / text).parent.glob('*')]
        stages = f' The result of a stage is `@{text}`.' if text in self.expanded else ''
        raise ConfigError(f'{self._where(key)}: no such file: {text}.{did_you_mean(Path(text).name, beside)}{stages}')
