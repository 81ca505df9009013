"""The stage chooses as the tool does."""
import pytest
import torch

from mmcomp.checkpoints.loading import load_checkpoint
from mmcomp.checkpoints.soup import find_members, uniform_soup
from mmcomp.recipes.stage import Site
from mmcomp.recipes.stages.soup import Soup


@pytest.fixture()
def model(toy_run, tmp_path):
    """A toy training as a stage leaves it."""
    config, work = toy_run
    (tmp_path / 'model').symlink_to(work)
    if not (work / 'config.py').exists():
        (work / 'config.py').write_text(config.read_text())
    return tmp_path / 'model'


@pytest.mark.parametrize(('settings', 'names'), [
    ({}, ['epoch_1.pth', 'epoch_2.pth']), ({'last': 1}, ['epoch_2.pth']),
    ({'top': 2, 'by': 'accuracy/top1'}, ['epoch_1.pth', 'epoch_2.pth']),
    ({'greedy': True, 'update_bn': True}, None)])
def test_members(model, tmp_path, settings, names):
    site = Site('soup', tmp_path / 'out', 'key')
    site.folder.mkdir()
    said = Soup(model=str(model), **settings).run(site)
    found = load_checkpoint(site.folder / 'weights.pth')
    assert (site.folder / 'config.py').is_file() and said == f'{len(found["meta"]["soup"])} checkpoints'
    assert names is None or found['meta']['soup'] == names
    expected = uniform_soup([path for path in find_members(model) if path.name in found['meta']['soup']])
    for name, tensor in expected.items():
        torch.testing.assert_close(found['state_dict'][name], tensor)
