import os
import pickle
import resource
import zipfile

import numpy as np
import pytest
import torch
from mmengine.logging import MessageHub

from mmcomp.checkpoints import mapped_archive
from mmcomp.checkpoints.loading import load_checkpoint
from mmcomp.checkpoints.mapped_archive import load_weights
from mmcomp.errors import CheckpointError


@pytest.fixture()
def fast(monkeypatch):
    """No way round by the other loader."""
    def refuse(path, mmap):
        raise AssertionError('the archive was not plain')
    monkeypatch.setattr(mapped_archive, 'load_checkpoint', refuse)


def states():
    base = torch.randn(6, 8)
    state = {'w': base, 'tied': base, 'row': base[2], 'turned': base.t(), 'part': base[1:3, 2:5], 'n': torch.tensor(3),
             'p': torch.nn.Parameter(torch.ones(2)), 'empty': torch.zeros(0, 4), 'mask': torch.tensor([True, False])}
    kinds = (torch.float64, torch.float16, torch.bfloat16, torch.int32, torch.int16, torch.int8, torch.uint8)
    return state | {str(dtype): torch.arange(5).to(dtype) for dtype in kinds}


def test_a_runners_file_is_read_as_by_torch(tmp_path, fast):
    hub = MessageHub('test_mapped_archive')
    hub.update_scalar('train/loss', 1.)
    hub.update_info('best_score', np.float64(3))
    model = torch.nn.Linear(3, 3)
    optimizer = torch.optim.AdamW(model.parameters())
    model(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    content = {'meta': {'epoch': 3, 'x': (1, [2.5, None])}, 'state_dict': states(), 'message_hub': hub.state_dict(),
               'optimizer': optimizer.state_dict(), 'ema_state_dict': {'module.w': torch.zeros(2)}}
    torch.save(content, tmp_path / 'x.pth')
    ours, theirs = load_weights(tmp_path / 'x.pth'), load_checkpoint(tmp_path / 'x.pth')
    assert list(ours) == list(theirs) and ours['optimizer'] == ours['message_hub'] == {}
    assert ours['meta'] == theirs['meta'] and torch.equal(ours['ema_state_dict']['module.w'], torch.zeros(2))
    assert type(ours['state_dict']) is type(theirs['state_dict'])
    for name, tensor in theirs['state_dict'].items():
        mine = ours['state_dict'][name]
        assert torch.equal(mine, tensor) and mine.dtype == tensor.dtype and mine.stride() == tensor.stride(), name
    assert ours['state_dict']['w'].data_ptr() == ours['state_dict']['tied'].data_ptr()


def test_the_file_stays_as_it_is_when_tensors_are_changed(tmp_path, fast):
    torch.save({'w': torch.ones(3)}, tmp_path / 'x.pth')
    before = (tmp_path / 'x.pth').read_bytes()
    load_weights(tmp_path / 'x.pth')['w'] += 1
    assert (tmp_path / 'x.pth').read_bytes() == before


@pytest.mark.parametrize('content', [
    {'w': torch.ones(2), 'x': np.float64(2)}, {'w': torch.ones(2), 'c': torch.complex(torch.ones(1), torch.ones(1))},
    {'w': torch.ones(2).to_sparse()}, {'w': torch.ones(2), 'x': b'bytes'}, {'w': torch.ones(2), 'd': torch.float32}])
def test_what_is_not_plain_is_read_by_the_other(tmp_path, content):
    torch.save(content, tmp_path / 'x.pth')
    found = load_weights(tmp_path / 'x.pth')
    assert {k: str(v) for k, v in found.items()} == {k: str(v) for k, v in content.items()}


def test_old_formats_and_safetensors(tmp_path):
    torch.save({'w': torch.ones(2), 'optimizer': {'lr': 1}}, tmp_path / 'x.pth', _use_new_zipfile_serialization=False)
    found = load_weights(tmp_path / 'x.pth')
    assert found['w'].tolist() == [1, 1] and found['optimizer'] == {}


class Hostile:

    def __init__(self, function, *args):
        self.call = (function, args)

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize('hidden_in', ['meta', 'optimizer', 'message_hub'])
def test_a_hostile_file_is_refused_by_name(tmp_path, hidden_in):
    planted = tmp_path / 'planted'
    hostile = Hostile(os.system, f'touch {planted}')
    torch.save({'state_dict': {'w': torch.ones(1)}, hidden_in: hostile}, tmp_path / 'x.pth')
    with pytest.raises(CheckpointError, match='x.pth: refused.*system.*Nothing was run'):
        load_weights(tmp_path / 'x.pth')
    assert not planted.exists()


def repickled(path, change):
    """The archive with another pickle."""
    with zipfile.ZipFile(path) as old:
        records = {name: old.read(name) for name in old.namelist()}
    with zipfile.ZipFile(path, 'w') as new:
        for name, record in records.items():
            new.writestr(name, change(record) if name.endswith('data.pkl') else record)


def test_a_view_beyond_its_record_is_refused(tmp_path):
    """One value is saved, sixteen are claimed: they would be bytes of other records."""
    torch.save({'w': torch.ones(1), 'secret': torch.arange(100.)}, tmp_path / 'x.pth')
    repickled(tmp_path / 'x.pth', lambda content: content.replace(b'K\1\x85', b'K\x10\x85', 1))
    with pytest.raises(CheckpointError, match='x.pth: '):
        load_weights(tmp_path / 'x.pth')


def test_a_memo_bomb_takes_no_memory(tmp_path, fast):
    """LONG_BINPUT of a large number makes Python's C unpickler fill an array of that length."""
    torch.save({'w': torch.ones(1, dtype=torch.uint8)}, tmp_path / 'x.pth')
    bomb = b'N' + pickle.LONG_BINPUT + (2**27).to_bytes(4, 'little') + b'0'
    repickled(tmp_path / 'x.pth', lambda content: content[:2] + bomb + content[2:])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert load_weights(tmp_path / 'x.pth')['w'].tolist() == [1]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kB


def test_a_hostile_file_spoils_no_later_one(tmp_path):
    """It sets the method of a class that it is given; the class is its own, and has a method already."""
    torch.save({'w': torch.ones(1)}, tmp_path / 'x.pth')
    get = b'cmmengine.logging.history_buffer\nHistoryBuffer\n'
    spoil = get + b'(N}(X\x0c\0\0\0__setstate__K\7ut' + b'b0'
    repickled(tmp_path / 'x.pth', lambda content: content[:2] + spoil + content[2:])
    with pytest.raises(CheckpointError):
        load_weights(tmp_path / 'x.pth')
    assert mapped_archive._Opaque().__setstate__({}) is None
