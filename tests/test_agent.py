"""How the parent of all ranks ends."""
import signal

import pytest
from torch.distributed.elastic.multiprocessing.api import SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError, ProcessFailure

from mmcomp import agent


def failed(exitcode):
    return ChildFailedError('train.py', {1: ProcessFailure(1, 99, exitcode, '')})


@pytest.mark.parametrize(('error', 'status', 'line'), [
    (SignalException('', signal.SIGTERM), 143, 'stopped by SIGTERM\n'),
    (SignalException('', signal.SIGINT), 130, 'stopped by SIGINT\n'),
    (failed(2), 2, 'error: rank 1 ended first, with status 2. Its reason is above.\n'),
    (failed(-9), 137, 'error: rank 1 ended first, with status -9. Its reason is above.\n'),
])
def test_a_line_and_a_status(error, status, line, monkeypatch, capsys):
    def main(argv):
        raise error

    monkeypatch.setattr(agent, 'main', main)
    with pytest.raises(SystemExit) as end:
        agent.run(['--standalone'])
    assert end.value.code == status and capsys.readouterr().err == line


def test_faults_of_its_own_keep_their_traceback(monkeypatch):
    monkeypatch.setattr(agent, 'main', lambda argv: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        agent.run()
