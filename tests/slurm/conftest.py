"""A real cluster for all tests of this folder."""
import contextlib
import os
import shutil
import sys
import tempfile
import warnings
from pathlib import Path

import pytest

from mmcomp.errors import MMCompError
from mmcomp.testing.slurm_cluster import SlurmCluster

# In its first life a job waits in the middle of an epoch until something happens to it.
HOOK = """
import os, pathlib, time
from mmengine.hooks import Hook
from mmcomp.engine.hooks import PreemptionHook
from mmcomp.registry import HOOKS

@HOOKS.register_module()
class PauseHook(Hook):
    def after_train_iter(self, runner, *args, **kwargs):
        if runner.iter == 4 and os.environ.get('PAUSE') and 'SLURM_RESTART_COUNT' not in os.environ:
            (pathlib.Path(runner.work_dir) / 'paused').touch()
            told = next(hook for hook in runner.hooks if isinstance(hook, PreemptionHook))
            while not told.asked:
                time.sleep(.1)
"""


@pytest.fixture(scope='session')
def pausing(shell, tmp_path_factory):
    """The environment of commands whose configs may import ``pause_hook``; it pauses where ``PAUSE`` is set."""
    folder = tmp_path_factory.mktemp('hook')
    (folder / 'pause_hook.py').write_text(HOOK)
    return dict(shell, PYTHONPATH=f'{shell["PYTHONPATH"]}{os.pathsep}{folder}')


@pytest.fixture(scope='session')
def cluster():
    """Two nodes; the tests run if asked for with ``MMCOMP_TEST_SLURM=1`` where Slurm is installed."""
    if not os.environ.get('MMCOMP_TEST_SLURM'):
        pytest.skip('minutes of waiting on a cluster of its own: MMCOMP_TEST_SLURM=1 pytest tests/slurm')
    missing = SlurmCluster.missing()
    if missing:
        warnings.warn(f'SKIPPED: nothing was tested on a real Slurm, for {", ".join(missing)} are not installed: '
                      'apt-get install --no-install-recommends slurmctld slurmd slurm-client munge', stacklevel=1)
        pytest.skip(f'no {", ".join(missing)}')
    # Its socket needs a shorter path than pytest's own.
    folder = Path(tempfile.mkdtemp(prefix='slurm'))
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        try:
            cluster = stack.enter_context(SlurmCluster(folder))
        except MMCompError as error:
            warnings.warn(f'SKIPPED: nothing was tested on a real Slurm: none starts here: {error}', stacklevel=1)
            pytest.skip(f'no cluster: {error}')
        yield cluster


@pytest.fixture(scope='session')
def shell(cluster, root):
    """The environment of commands: the cluster's, and this checkout."""
    return dict(cluster.env, PYTHONPATH=os.pathsep.join(filter(None, [str(root), os.environ.get('PYTHONPATH')])),
                PYTHON=sys.executable, OMP_NUM_THREADS='1')
