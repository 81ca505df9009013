"""Loader workers outlive a signal to the job and still leave when their parent asks."""
import multiprocessing
import subprocess
import sys
import textwrap
import time
from functools import partial

import pytest
from torch.utils.data import DataLoader

from mmcomp.engine.worker_signals import outlive_signals


def note(worker_id, marks):
    marks[worker_id] += 1


@pytest.fixture
def loader():
    marks = multiprocessing.Array('i', 2)
    loader = DataLoader(list(range(8)), num_workers=2, persistent_workers=True,
                        worker_init_fn=partial(outlive_signals, then=note, marks=marks))
    loader.marks = marks
    yield loader
    for child in multiprocessing.active_children():
        child.terminate()


@pytest.mark.parametrize('name', ['TERM', 'USR1'])
def test_a_signal_from_a_stranger_is_outlived(loader, name):
    assert [int(x) for x in loader] == list(range(8))
    workers = [str(child.pid) for child in multiprocessing.active_children()]
    subprocess.run(['kill', f'-{name}', *workers], check=True)
    time.sleep(0.3)
    assert [int(x) for x in loader] == list(range(8))
    assert [str(child.pid) for child in multiprocessing.active_children()] == workers
    assert list(loader.marks) == [1, 1], 'the function of the config was called too'


def test_the_parent_may_end_it(loader):
    assert len(list(loader)) == 8, 'all workers have begun: before their first line a signal ends them the plain way'
    for child in multiprocessing.active_children():
        child.terminate()
        child.join(timeout=10)
        assert child.exitcode == 0


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
