import subprocess
import sys

import pytest


@pytest.mark.parametrize('number', ['SIGTERM', 'SIGUSR1'])
def test_told_to_end_while_it_loads(number):
    code = ('import os, signal, time; from mmcomp.signals import leave_when_told; leave_when_told(); '
            f'os.kill(os.getpid(), signal.{number}); time.sleep(60)')
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, timeout=50)
    assert done.returncode == 85 and done.stderr == b''


@pytest.mark.parametrize('number', ['SIGTERM', 'SIGUSR1'])
def test_told_to_end_while_it_leaves(number):
    code = ('import os, signal; from mmcomp.signals import keep_status, leave_when_told; leave_when_told(); keep_status()\n'
            f'class Last:\n  def __del__(self, kill=os.kill, pid=os.getpid(), number=signal.{number}): kill(pid, number)\n'
            'import builtins; builtins.last = Last(); raise SystemExit(0)')
    assert subprocess.run([sys.executable, '-c', code], timeout=50).returncode == 0
