import subprocess
import sys

import pytest


@pytest.mark.parametrize('number', ['SIGTERM', 'SIGUSR1'])
def test_told_to_end_while_it_loads(number):
    code = ('import os, signal, time; from mmcomp.signals import leave_when_told; leave_when_told(); '
            f'os.kill(os.getpid(), signal.{number}); time.sleep(60)')
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, timeout=50)
    assert done.returncode == 85 and done.stderr == b''


LEAVING = """
import builtins, os, signal
from mmcomp.signals import keep_status, leave_when_told

class Last:
    def __del__(self, kill=os.kill, pid=os.getpid(), number=signal.{number}):
        kill(pid, number)

leave_when_told()
keep_status()
builtins.last = Last()
raise SystemExit(0)
"""


@pytest.mark.parametrize('number', ['SIGTERM', 'SIGUSR1'])
def test_told_to_end_while_it_leaves(number):
    assert subprocess.run([sys.executable, '-c', LEAVING.format(number=number)], timeout=50).returncode == 0
