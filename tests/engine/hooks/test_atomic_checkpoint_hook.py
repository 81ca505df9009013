"""The newest checkpoint survives whatever happens while the next one is written."""
import os
from pathlib import Path

import pytest
import torch

from mmcomp.apis import load_config, train
from mmcomp.apis.resuming import newest_checkpoint
from mmcomp.engine.atomic_backend import AtomicBackend
from mmcomp.errors import CheckpointError, ConfigError
from mmcomp.testing.toy_training import write_toy_config

KEEP_ONE = {'default_hooks.checkpoint.max_keep_ckpts': 1}


@pytest.fixture(scope='module')
def toy(tmp_path_factory):
    return write_toy_config(tmp_path_factory.mktemp('toy'))


def run(toy, folder, resume=None, **options):
    return train(load_config(toy, {**KEEP_ONE, **options}), work_dir=str(folder), check=False, resume=resume)


def test_the_old_one_goes_after_the_new_one_is_there(toy, tmp_path, monkeypatch):
    stock = AtomicBackend.put

    def full_disk(backend, obj, filepath):
        if Path(filepath).name == 'epoch_2.pth':
            raise OSError(28, 'No space left on device', str(filepath))
        stock(backend, obj, filepath)

    monkeypatch.setattr(AtomicBackend, 'put', full_disk)
    with pytest.raises(CheckpointError, match='No space left on device.*epoch_1.pth is whole'):
        run(toy, tmp_path)
    assert newest_checkpoint(tmp_path) == str(tmp_path / 'epoch_1.pth')
    monkeypatch.undo()
    run(toy, tmp_path, resume='auto')
    assert [path.name for path in tmp_path.glob('*.pth')] == ['epoch_2.pth']


def test_leftovers_of_a_kill_are_removed_and_other_files_are_not(toy, tmp_path):
    run(toy, tmp_path, **{'train_cfg.max_epochs': 1})
    for name in ('.epoch_2.pth.abc.tmp.pth', '.soup.pth.abc.tmp.pth'):
        (tmp_path / name).touch()
    run(toy, tmp_path, resume='auto')
    assert [path.name for path in tmp_path.glob('.*.tmp.pth')] == ['.soup.pth.abc.tmp.pth']


def test_weights_that_are_lost_are_not_saved(toy, tmp_path):
    runner = run(toy, tmp_path)
    next(runner.model.parameters()).data[0] = float('nan')
    before = (tmp_path / 'epoch_2.pth').read_bytes()
    with pytest.raises(CheckpointError, match='not finite'):
        runner.save_checkpoint(str(tmp_path), 'epoch_2.pth', backend_args=dict(backend='atomic'))
    assert (tmp_path / 'epoch_2.pth').read_bytes() == before


def test_a_misspelt_best_score_is_said_with_the_names_there_are(toy, tmp_path):
    with pytest.raises(ConfigError, match="save_best.*accuracy/top1.*got 'accuracy/top'"):
        run(toy, tmp_path, **{'default_hooks.checkpoint.save_best': 'accuracy/top',
                              'default_hooks.checkpoint.rule': 'greater'})
    assert os.path.isfile(tmp_path / 'epoch_1.pth')


def test_a_folder_that_is_gone_is_not_made_anew(tmp_path):
    with pytest.raises(FileNotFoundError):
        AtomicBackend().put(b'', tmp_path / 'gone' / 'epoch_1.pth')
    assert not (tmp_path / 'gone').exists()


def test_gradients_of_other_ranks_become_their_mean(toy, tmp_path):
    from types import SimpleNamespace

    from mmcomp.engine.hooks.atomic_checkpoint_hook import _restore_partial_grads
    layer = torch.nn.Linear(2, 1)
    runner = SimpleNamespace(model=layer, logger=SimpleNamespace(info=lambda text: None))
    saved = [dict(weight=torch.tensor([[1., 4.]]), bias=torch.ones(1)), dict(weight=torch.tensor([[3., 0.]]),
                                                                             bias=torch.zeros(1))]
    _restore_partial_grads(runner, saved)
    assert layer.weight.grad.tolist() == [[2., 2.]] and layer.bias.grad.tolist() == [0.5]
