"""What every test may use."""
import functools
import os
from pathlib import Path

os.environ.setdefault('OMP_NUM_THREADS', '1')
os.environ.setdefault('MPLBACKEND', 'Agg')

import pytest  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent


@functools.cache
def _load(name: str):
    from mmcomp.cli import load_tool
    return load_tool(ROOT / 'tools' / f'{name}.py')


@pytest.fixture(scope='session')
def root() -> Path:
    """The repository's folder."""
    return ROOT


@pytest.fixture(scope='session')
def tool():
    """``tool('train')`` is the module of ``tools/train.py``; call its ``main([...])``."""
    return _load
