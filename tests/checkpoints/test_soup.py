import pytest
import torch

from mmcomp.checkpoints.loading import load_checkpoint
from mmcomp.checkpoints.soup import find_members, save_soup, uniform_soup
from mmcomp.errors import CheckpointError


def state(seed):
    generator = torch.Generator().manual_seed(seed)
    return {'w': torch.randn(5, 3, generator=generator), 'h': torch.randn(4, generator=generator).half(),
            'd': torch.randn(2, generator=generator).double(), 'n': torch.tensor(seed),
            'mask': torch.tensor([True, False])}


@pytest.fixture()
def files(tmp_path):
    for epoch in (1, 2, 10, 9):
        meta = {'dataset_meta': {'classes': ('x',)}}
        torch.save({'state_dict': state(epoch), 'optimizer': {}, 'meta': meta}, tmp_path / f'epoch_{epoch}.pth')
    torch.save({'state_dict': state(9)}, tmp_path / 'best_accuracy_top1_epoch_9.pth')
    return tmp_path


def test_the_soup_is_the_mean_and_integers_are_the_last_ones(files):
    members = find_members(files, last=3)
    assert [m.name for m in members] == ['epoch_2.pth', 'epoch_9.pth', 'epoch_10.pth']
    soup = uniform_soup(members)
    for name in ('w', 'h', 'd'):
        expected = torch.stack([state(e)[name].double() for e in (2, 9, 10)]).mean(0)
        assert soup[name].dtype == state(2)[name].dtype
        tolerance = 1e-3 if name == 'h' else 1e-6
        torch.testing.assert_close(soup[name].double(), expected, rtol=tolerance, atol=tolerance)
    assert soup['n'] == 10 and soup['mask'].tolist() == [True, False]
    assert torch.equal(uniform_soup(members[:1])['w'], state(2)['w'])
    save_soup(soup, members, files / 'soup.pth')
    back = load_checkpoint(files / 'soup.pth')
    assert torch.equal(back['state_dict']['w'], soup['w']) and set(back) == {'meta', 'state_dict'}
    assert back['meta']['soup'] == [m.name for m in members] and back['meta']['dataset_meta']['classes'] == ('x', )
    untouched = load_checkpoint(files / 'epoch_2.pth')['state_dict']['w']
    assert torch.equal(untouched, state(2)['w'])


def test_members_that_do_not_fit_are_named(files):
    with pytest.raises(CheckpointError, match='at least 5; got 4'):
        find_members(files, last=5)
    with pytest.raises(CheckpointError, match='at least 1; got 0'):
        find_members(files / 'none')
    for changed, said in [({'w': torch.zeros(2)}, r'of shape \(5, 3\)'), ({'new': torch.zeros(1)}, 'same names.*new'),
                          ({'w': torch.full((5, 3), torch.nan)}, 'odd.pth: `w` must be finite')]:
        torch.save({'state_dict': {**state(3), **changed}}, files / 'odd.pth')
        with pytest.raises(CheckpointError, match=said):
            uniform_soup([files / 'epoch_1.pth', files / 'odd.pth'])
