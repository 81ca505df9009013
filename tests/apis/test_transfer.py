"""The file to start from reaches the model's TransferredWeights, but not in a resume."""
import pytest
from mmengine.config import Config

from mmcomp.apis.transfer import settle_transfer

TRANSFER, OTHER = dict(type='TransferredWeights', subtrees=['encoders']), dict(type='Normal', layer='Linear')


@pytest.mark.parametrize('listed', [False, True])
def test_where_the_file_goes(listed):
    def settled(**start):
        cfg = Config(dict(model=dict(init_cfg=[OTHER, TRANSFER] if listed else TRANSFER), **start))
        settle_transfer(cfg)
        return cfg

    named = settled(load_from='a.pth', resume=False)
    found = named.model.init_cfg[1] if listed else named.model.init_cfg
    assert found == dict(TRANSFER, checkpoint='a.pth') and named.load_from is None
    resumed = settled(load_from='epoch_1.pth', resume=True)
    assert resumed.load_from == 'epoch_1.pth' and resumed.model.init_cfg == ([OTHER] if listed else None)
    alone = settled(load_from=None, resume=False)
    assert (alone.model.init_cfg[1] if listed else alone.model.init_cfg) == TRANSFER


def test_other_models_are_left_alone():
    for model in (dict(type='A'), dict(type='A', init_cfg=OTHER), dict(type='A', init_cfg=[OTHER])):
        cfg = Config(dict(model=model, load_from='a.pth', resume=False))
        settle_transfer(cfg)
        assert cfg.load_from == 'a.pth' and cfg.model.to_dict() == model
    settle_transfer(Config(dict(load_from='a.pth')))
