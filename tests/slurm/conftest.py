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
