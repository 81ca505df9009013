"""What is said of a training that ended, and what is left to others to say."""
import errno
import os
import signal

import pytest
import torch

from mmcomp.apis import resuming
from mmcomp.apis.resuming import explained_failures
from mmcomp.errors import CheckpointError, DataError


def failing(error, work_dir):
    with explained_failures(str(work_dir)):
        raise error


@pytest.mark.parametrize('number', [errno.ENOSPC, errno.EACCES, errno.EROFS, errno.ENOENT, errno.EIO, errno.ESTALE])
def test_a_fault_of_files_names_the_file_and_the_checkpoint_to_go_on_from(number, tmp_path):
    with pytest.raises(CheckpointError, match='No whole checkpoint is there'):
        failing(OSError(number, os.strerror(number), 'a.pth'), tmp_path)
    torch.save({}, tmp_path / 'epoch_1.pth')
    with pytest.raises(CheckpointError, match=r'a\.pth: the training could not write .*epoch_1\.pth is whole'):
        failing(OSError(number, os.strerror(number), 'a.pth'), tmp_path)


@pytest.mark.parametrize('error', [
    BrokenPipeError(errno.EPIPE, 'Broken pipe'), ConnectionResetError(errno.ECONNRESET, 'Connection reset by peer'),
    ConnectionRefusedError(errno.ECONNREFUSED, 'Connection refused'), TimeoutError(),
    OSError('image file is truncated'), KeyError('x'), DataError('a label'), RuntimeError('mat1 and mat2 shapes'),
])
def test_what_is_no_fault_of_files_passes_as_it_is(error, tmp_path):
    with pytest.raises(type(error)) as raised:
        failing(error, tmp_path)
    assert raised.value is error


def test_a_lost_worker_is_told_with_how_to_resume(tmp_path):
    error = RuntimeError('DataLoader worker (pid 7) is killed by signal: Killed. \nMore.')
    with pytest.raises(DataError, match=r'lower train_dataloader\.num_workers .*, then go on with --resume\.'):
        failing(error, tmp_path)


def test_ctrl_c_says_where_to_go_on(tmp_path):
    with pytest.raises(KeyboardInterrupt) as asked:
        failing(KeyboardInterrupt(), tmp_path)
    assert not asked.value.args
    torch.save({}, tmp_path / 'epoch_1.pth')
    with pytest.raises(KeyboardInterrupt, match=r'epoch_1\.pth is whole; go on with --resume'):
        failing(KeyboardInterrupt(), tmp_path)


@pytest.mark.parametrize('rank', [0, 1])
def test_ctrl_c_is_told_by_one_rank(rank, tmp_path, monkeypatch):
    ignored = []
    monkeypatch.setattr(resuming, 'get_world_size', lambda: 2)
    monkeypatch.setattr(resuming, 'is_main_process', lambda: rank == 0)
    monkeypatch.setattr(resuming.signal, 'signal', lambda *args: ignored.append(args))
    with pytest.raises((KeyboardInterrupt, SystemExit)[rank]):
        failing(KeyboardInterrupt(), tmp_path)
    assert ignored == [(signal.SIGINT, signal.SIG_IGN)]
