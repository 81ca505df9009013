"""Bytes of tensors that are alive, and of a training step."""
import pytest
import torch

from mmcomp.apis import load_config
from mmcomp.testing.kill_soak import write_recipes
from mmcomp.testing.speed.step_memory import LivingBytes, step_bytes


def test_views_cost_nothing_and_ends_count():
    with LivingBytes() as living:
        first = torch.empty(1000)
        second = first.view(10, 100) * 2
        assert living.now == 8000
        del first
        assert living.now == 4000 and living.peak == 8000
        second.add_(1)
        assert living.peak == 8000


@pytest.fixture(scope='module')
def cfg(tmp_path_factory):
    cfg = load_config(write_recipes(tmp_path_factory.mktemp('toy'), images_per_class=1)['swin'])
    cfg.data_preprocessor = dict(cfg.model.pop('data_preprocessor'), type='ClsDataPreprocessor')
    return cfg


def test_each_switch_saves_what_it_is_said_to(cfg):
    def found(batch_size=16, **kwargs):
        return step_bytes(cfg, batch_size, 32, **kwargs)

    plain = found()
    assert plain['states'] == 4 * plain['weights']
    activations = plain['peak'] - plain['states']
    twice = found(32)['peak'] - plain['states']
    assert twice == pytest.approx(2 * activations, rel=.1), 'activations grow with the batch'
    assert found(amp=True)['peak'] < plain['peak']
    assert found(recomputed=True)['peak'] < plain['states'] + .8 * activations
    assert found(8, accumulate=True)['peak'] > found(8)['peak'], 'gradients stay from batch to batch'
    assert found(ranks=4)['states'] == plain['weights']
