"""Loader workers outlive a signal to the job and still leave when their parent asks."""
import multiprocessing
import os
import subprocess
import sys
import textwrap
import time
from functools import partial

import pytest
from torch.utils.data import DataLoader

from mmcomp.engine.worker_signals import outlive_signals


def note(worker_id, numbers):
    """Numbers of the processes, in the order in which the workers were begun."""
    numbers[worker_id] = 0 if numbers[worker_id] else os.getpid()


@pytest.fixture
def loader():
    numbers = multiprocessing.Array('i', 2)
    loader = DataLoader(list(range(8)), num_workers=2, persistent_workers=True,
                        worker_init_fn=partial(outlive_signals, then=note, numbers=numbers))
    assert [int(x) for x in loader] == list(range(8)), 'all workers have begun: a signal before ends them the plain way'
    yield loader, [child for child in multiprocessing.active_children() if child.pid in list(numbers)]
    loader._iterator._shutdown_workers()


@pytest.mark.parametrize('name', ['TERM', 'USR1'])
def test_a_signal_from_a_stranger_is_outlived(loader, name):
    loader, workers = loader
    assert len(workers) == 2, 'the function of the config was called in each'
    subprocess.run(['kill', f'-{name}', *[str(worker.pid) for worker in workers]], check=True)
    time.sleep(0.3)
    assert [int(x) for x in loader] == list(range(8))
    assert all(worker.is_alive() for worker in workers)


def test_the_parent_may_end_it(loader):
    for worker in loader[1]:
        worker.terminate()
        worker.join(timeout=10)
        assert worker.exitcode == 0


def test_a_failing_parent_does_not_wait_for_its_workers():
    code = textwrap.dedent("""
        from torch.utils.data import DataLoader
        from mmcomp.engine.worker_signals import outlive_signals
        loader = DataLoader(list(range(99)), num_workers=1, worker_init_fn=outlive_signals)
        rows = iter(loader)
        next(rows)
        raise SystemExit(7)
    """)
    assert subprocess.run([sys.executable, '-c', code], timeout=120).returncode == 7
