"""How long commands take until they do something: imports, ``--help``, the first step of a training."""
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmcomp.cli import tools_folder
from mmcomp.testing.speed.measuring import ratio
from mmcomp.testing.toy_training import write_toy_config

# Both trainings load it; its file's name is the moment of the first step.
HOOK = """
import os, pathlib, time
from mmengine.hooks import Hook
from mmengine.registry import HOOKS

@HOOKS.register_module()
class FirstStepHook(Hook):
    def after_train_iter(self, runner, *args, **kwargs):
        pathlib.Path(runner.work_dir, 'first').write_text(repr(time.time()))
        os._exit(0)
"""
BARE = """
import sys
import mmpretrain
from mmengine.config import Config
from mmengine.runner import Runner
cfg = Config.fromfile(sys.argv[1])
cfg.work_dir = sys.argv[2]
Runner.from_cfg(cfg).train()
"""


@dataclass(frozen=True)
class Way:
    """A command, what it is measured against, whether its first step counts and not its end, whether it loads torch."""
    name: str
    command: Sequence[str]
    over: str = ''
    until_first_step: bool = False
    heavy: bool = False


def write_ways(folder: Path) -> list[Way]:
    """The commands, and the files that they need."""
    ours = write_toy_config(folder)
    hooked = "custom_imports = dict(imports=['first_step'])\ncustom_hooks = [dict(type='FirstStepHook')]\n"
    ours.write_text(ours.read_text() + hooked)
    stock = folder / 'stock.py'
    theirs = ours.read_text().replace("'ImageFolderDataset', image_root=", "'CustomDataset', data_root=")
    stock.write_text(theirs + "default_scope = 'mmpretrain'\n")
    (folder / 'first_step.py').write_text(HOOK)
    (folder / 'bare.py').write_text(BARE)
    tools, bare = tools_folder(), 'python -c pass'
    return [
        Way(bare, ['-c', 'pass']),
        Way('python -c "import numpy"', ['-c', 'import numpy']),
        Way('python -c "import mmcomp"', ['-c', 'import mmcomp'], bare),
        *(Way(f'{name} --help', [str(tools / f'{name}.py'), '--help'], bare) for name in ('ensemble', 'train')),
        Way('python -c "import torch"', ['-c', 'import torch'], heavy=True),
        Way('a bare script of mmpretrain, to its first step', [str(folder / 'bare.py'), str(stock), str(folder / 'b')],
            'python -c "import torch"', True, True),
        Way('train.py, to its first step', [str(tools / 'train.py'), str(ours), '--work-dir', str(folder / 'o')],
            'a bare script of mmpretrain, to its first step', True, True)]


def measure(way: Way, folder: Path) -> float:
    """Seconds from the start of the process to its end or first step.

    Raises:
        RuntimeError: If the command fails.
    """
    root = Path(__file__).resolve().parents[3]
    search = os.pathsep.join(filter(None, (str(folder), str(root), os.environ.get('PYTHONPATH'))))
    start, clock = time.time(), time.perf_counter()
    done = subprocess.run([sys.executable, *way.command], env=dict(os.environ, PYTHONPATH=search), capture_output=True,
                          text=True, check=False)
    seconds = time.perf_counter() - clock
    if done.returncode:
        raise RuntimeError(f'{way.name} ended with {done.returncode}: {done.stderr[-2000:]}')
    if not way.until_first_step:
        return seconds
    mark = Path(way.command[-1], 'first')
    seconds = float(mark.read_text()) - start
    mark.unlink()
    return seconds


def startup_rows(folder: Path, rounds: int, quick: bool = False) -> list[list[str]]:
    """Rows of a markdown table: seconds and their ratio, round by round, over those of another command."""
    ways = [way for way in write_ways(folder) if not (quick and way.heavy)]
    for way in ways:
        measure(way, folder)  # compiles modules, fills the page cache
    seconds = {way.name: np.zeros(rounds) for way in ways}
    for turn in range(rounds):
        for way in ways[::(1, -1)[turn % 2]]:
            seconds[way.name][turn] = measure(way, folder)
    rows = [['command', 'seconds', 'ratio', 'over']]
    for way in ways:
        own = seconds[way.name]
        over = [ratio(own / seconds[way.over]), way.over] if way.over in seconds else ['', '']
        rows.append([way.name, f'{np.median(own):.2f}', *over])
    return rows
