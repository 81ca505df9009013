import hashlib
from pathlib import Path

import pytest
import torch

from mmcomp.checkpoints.loading import load_checkpoint
from mmcomp.errors import CheckpointError


@pytest.fixture()
def trained(tmp_path) -> Path:
    """What a Runner with an EMAHook leaves: averaged weights in place, the others beside."""
    flat = torch.arange(1000.)
    torch.save({
        'state_dict': {'backbone.weight': flat[:6].view(2, 3), 'head.class_counts': torch.tensor([5, 1])},
        'ema_state_dict': {'module.backbone.weight': torch.full((2, 3), 7.), 'steps': torch.tensor(3)},
        'optimizer': {'state': {0: {'exp_avg': torch.zeros(4000)}}},
        'message_hub': {'log_scalars': {}, 'runtime_info': {}},
        'meta': {'dataset_meta': {'classes': ('cat', 'dog')}, 'cfg': 'x = 1', 'seed': 4, 'hostname': 'node7'},
    }, tmp_path / 'epoch_3.pth')
    return tmp_path / 'epoch_3.pth'


def test_keeps_weights_and_classes_under_a_name_that_proves_itself(tool, trained, tmp_path, capsys):
    tool('publish_model').main([str(trained), str(tmp_path / 'out' / 'net.pth')])
    final, = (tmp_path / 'out').iterdir()
    assert final.name == f'net-{hashlib.sha256(final.read_bytes()).hexdigest()[:8]}.pth'
    assert str(final) in capsys.readouterr().out
    published = load_checkpoint(final)
    assert published['meta'] == {'dataset_meta': {'classes': ('cat', 'dog')}, 'cfg': 'x = 1'}
    assert set(published) == {'meta', 'state_dict'}
    assert published['state_dict']['backbone.weight'].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert published['state_dict']['head.class_counts'].tolist() == [5, 1]
    assert final.stat().st_size < 4000, 'a view does not bring its whole storage'


def test_the_same_weights_get_the_same_name(tool, trained, tmp_path):
    for folder in 'ab':
        tool('publish_model').main([str(trained), str(tmp_path / folder / 'net')])
    assert [p.name for p in (tmp_path / 'a').iterdir()] == [p.name for p in (tmp_path / 'b').iterdir()]


def test_raw_takes_the_weights_beside_the_averaged_ones(tool, trained, tmp_path):
    tool('publish_model').main([str(trained), str(tmp_path / 'raw' / 'net.pth'), '--raw'])
    final, = (tmp_path / 'raw').iterdir()
    state = load_checkpoint(final)['state_dict']
    assert set(state) == {'backbone.weight', 'head.class_counts'}
    assert (state['backbone.weight'] == 7).all() and state['head.class_counts'].tolist() == [5, 1]


def test_raw_without_averaging_says_so_and_leaves_nothing(tool, tmp_path):
    torch.save({'state_dict': {'w': torch.zeros(1)}}, tmp_path / 'plain.pth')
    with pytest.raises(CheckpointError, match='no `ema_state_dict`'):
        tool('publish_model').main([str(tmp_path / 'plain.pth'), str(tmp_path / 'out' / 'net.pth'), '--raw'])
    assert not (tmp_path / 'out').exists()
