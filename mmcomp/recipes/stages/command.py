"""A command of the user's own."""
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mmcomp.errors import ConfigError, DataError, fault, shorten
from mmcomp.recipes.stage import KINDS, STAGES, Output, Site, Stage, takes


@STAGES.register_module()
@dataclass(frozen=True)
class Command(Stage):
    """Anything else, such as a download: a command without a shell that leaves the files it declares.

    In its words ``{out}`` is the stage's folder, ``{python}`` the interpreter,
    and the names of ``inputs`` their paths. ``leaves`` names its outputs:
    ``dict(train=('annotations', 'train.txt'))``. Files it reads count only if
    they are ``inputs``.
    """
    command: Sequence[str]
    leaves: Mapping[str, Sequence[str]] = field(default_factory=dict)
    inputs: Mapping[str, Any] = takes(*KINDS, many=True, optional=True)

    def declared_outputs(self) -> dict[str, Output]:
        for name, said in self.leaves.items():
            if not isinstance(said, Sequence) or isinstance(said, str) or len(said) != 2 or said[0] not in KINDS:
                raise ConfigError(fault('Command', f'leaves.{name}', f'a kind ({", ".join(KINDS)}) and a file name',
                                        said, 'Write name=(\'file\', \'name.txt\').'))
        return {name: Output(*said) for name, said in self.leaves.items()}

    def run(self, site: Site) -> str:
        names = dict(self.inputs or {}, out=site.folder, python=sys.executable)
        words = [re.sub(r'\{(\w+)\}', lambda m: str(names.get(m[1], m[0])), str(word)) for word in self.command]
        unknown = next((word for word in words if re.fullmatch(r'\{\w+\}', word)), None)
        if unknown:
            raise ConfigError(fault(site.name, 'command', f'made of {", ".join(f"{{{n}}}" for n in names)}', unknown,
                                    'Name it in `inputs`.'))
        status = subprocess.run(words, check=False).returncode
        if status:
            raise DataError(f'`{shorten(words, 8)}` ended with status {status}. Its output is above.')
        return ''
