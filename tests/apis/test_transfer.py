"""The file to start from reaches the model's TransferredWeights, but not in a resume."""
import pytest
from mmengine.config import Config

from mmcomp.apis.transfer import forget_transfer, name_transfer

TRANSFER, OTHER = dict(type='TransferredWeights', subtrees=['encoders']), dict(type='Normal', layer='Linear')


@pytest.mark.parametrize('listed', [False, True])
def test_where_the_file_goes(listed):
    def config(**start):
        return Config(dict(model=dict(init_cfg=[OTHER, TRANSFER] if listed else TRANSFER), **start))

    def transfer(cfg):
        return cfg.model.init_cfg[1] if listed else cfg.model.init_cfg

    for resume in (None, 'auto'):
        named = config(load_from='a.pth', resume=resume)
        name_transfer(named)
        assert transfer(named) == dict(TRANSFER, checkpoint='a.pth') and named.load_from is None
        named.resume = False
        forget_transfer(named)
        assert transfer(named) == dict(TRANSFER, checkpoint='a.pth')
    resumed = config(load_from='epoch_1.pth', resume=True)
    name_transfer(resumed)
    forget_transfer(resumed)
    assert resumed.load_from == 'epoch_1.pth' and resumed.model.init_cfg == ([OTHER] if listed else None)
    alone = config(load_from=None, resume=None)
    name_transfer(alone)
    assert transfer(alone) == TRANSFER


def test_other_models_are_left_alone():
    for model in (dict(type='A'), dict(type='A', init_cfg=OTHER), dict(type='A', init_cfg=[OTHER])):
        cfg = Config(dict(model=model, load_from='a.pth', resume=None))
        name_transfer(cfg)
        forget_transfer(cfg)
        assert cfg.load_from == 'a.pth' and cfg.model.to_dict() == model
    name_transfer(Config(dict(load_from='a.pth')))
