import os
import zipfile

import numpy as np
import pytest
import torch
from mmengine.logging import MessageHub

from mmcomp.checkpoints.loading import load_checkpoint, renamed, state_dict_of
from mmcomp.errors import CheckpointError


class Hostile:

    def __init__(self, function, *args):
        self.call = (function, args)

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize('mmap', [False, True])
@pytest.mark.parametrize('zipped', [False, True])
def test_a_runner_file_loads_with_its_history(tmp_path, zipped, mmap):
    hub = MessageHub(f'test_loading_{zipped}_{mmap}')
    hub.update_scalar('train/loss', 1.)
    hub.update_scalar('train/loss', 2.)
    state = {'a': torch.arange(3.), 'n': torch.tensor(4)}
    torch.save({'state_dict': state, 'message_hub': hub.state_dict(), 'meta': {'x': np.float64(3)}},
               tmp_path / 'x.pth', _use_new_zipfile_serialization=zipped)
    loaded = load_checkpoint(tmp_path / 'x.pth', mmap=mmap)
    assert torch.equal(loaded['state_dict']['a'], state['a']) and loaded['meta']['x'] == 3
    history = loaded['message_hub']['log_scalars']['train/loss']
    assert history.mean() == 1.5 and history.max_length == 1000000
    MessageHub('test_loading_again').load_state_dict(loaded['message_hub'])


@pytest.mark.parametrize('zipped', [False, True])
@pytest.mark.parametrize('function, args', [(os.system, ('touch {}',)), (getattr, ('', 'upper')), (os.mkdir, ('{}',)),
                                            (eval, ("open('{}', 'w')",))])
def test_a_hostile_file_is_refused_and_nothing_runs(tmp_path, function, args, zipped):
    hostile = Hostile(function, *[a.format(tmp_path / 'planted') for a in args])
    torch.save({'state_dict': {'a': torch.zeros(1)}, 'meta': hostile}, tmp_path / 'x.pth',
               _use_new_zipfile_serialization=zipped)
    with pytest.raises(CheckpointError, match=rf'x.pth: refused.*{function.__name__}.*Nothing was run'):
        load_checkpoint(tmp_path / 'x.pth')
    assert not (tmp_path / 'planted').exists()


def test_torn_and_missing_files_are_named(tmp_path):
    torch.save({'state_dict': {'a': torch.zeros(1000)}}, tmp_path / 'x.pth')
    content = (tmp_path / 'x.pth').read_bytes()
    for torn in (b'', content[:len(content) // 2], b'<html>'):
        (tmp_path / 'torn.pth').write_bytes(torn)
        with pytest.raises(CheckpointError, match='torn.pth: not a whole checkpoint'):
            load_checkpoint(tmp_path / 'torn.pth')
    with pytest.raises(CheckpointError, match='no such checkpoint'):
        load_checkpoint(tmp_path / 'no.pth')
    assert zipfile.is_zipfile(tmp_path / 'x.pth')


def test_state_dicts_lose_wrapper_prefixes_and_get_todays_names():
    tensor = torch.zeros(2)
    for wrapped in ({'state_dict': {'module.a': tensor}}, {'model': {'_orig_mod.a': tensor}}, {'a': tensor}):
        assert list(state_dict_of(wrapped)) == ['a']
    with pytest.raises(CheckpointError, match='no model weights in it; it holds epoch'):
        state_dict_of({'epoch': 3})
    old = {'head.norm_linear.weight': tensor, 'head.margins': tensor, 'backbone.a': tensor}
    assert list(renamed(old)) == ['head.norm_product.weight', 'backbone.a']
