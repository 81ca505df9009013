"""What every test may use."""
import functools
import os
from pathlib import Path

os.environ.setdefault('OMP_NUM_THREADS', '1')
os.environ.setdefault('MPLBACKEND', 'Agg')

import pytest  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
LONGEST = (
    'slurm/test_slurm_scripts.py', 'slurm/test_slurm_recipe.py', 'conformance/test_disturbed_training.py',
    'tools/benchmarks/test_recipe_soak.py', 'conformance/test_large_models.py', 'tools/test_dist_train.py',
    'recipes/stages/test_train.py', 'tools/test_demo.py', 'conformance/test_accv_recipe.py',
    'conformance/test_road_on_two_ranks.py', 'tools/test_test.py', 'conformance/test_two_ranks.py')


def pytest_configure(config):
    """pytest-xdist takes the files in the order below, not those with the most tests first."""
    if hasattr(config.option, 'loadscopereorder'):
        config.option.loadscopereorder = False


def pytest_collection_modifyitems(items):
    """The longest files first, so that in the end no process is alone with one."""
    order = {ROOT / 'tests' / name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(item.path, len(order)))


@pytest.fixture(autouse=True)
def _environment():
    """What a test leaves in the environment (a rank, say) must not reach the next one."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


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


@pytest.fixture(scope='session')
def toy_run(tmp_path_factory) -> tuple[Path, Path]:
    """The config of a toy training and the work folder that it left, two epochs long."""
    from mmcomp.testing.toy_training import write_toy_config
    folder = tmp_path_factory.mktemp('toy')
    config = write_toy_config(folder)
    _load('train').main([str(config), '--work-dir', str(folder / 'work')])
    return config, folder / 'work'
