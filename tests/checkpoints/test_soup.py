import itertools
from pathlib import Path

import pytest
import torch

from mmcomp.checkpoints.loading import load_checkpoint
from mmcomp.checkpoints.members import open_members
from mmcomp.checkpoints.soup import (
    as_shares,
    differing_counters,
    find_members,
    mix,
    save_soup,
    uniform_soup,
    weighted_mean,
    write_soup,
    write_state,
)
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
    with pytest.raises(CheckpointError, match='none: no such folder'):
        find_members(files / 'none')
    for changed, said in [({'w': torch.zeros(2)}, r'of shape \(5, 3\)'), ({'new': torch.zeros(1)}, 'same names.*new'),
                          ({'w': torch.full((5, 3), torch.nan)}, 'odd.pth: `w` must be finite')]:
        torch.save({'state_dict': {**state(3), **changed}}, files / 'odd.pth')
        with pytest.raises(CheckpointError, match=said):
            uniform_soup([files / 'epoch_1.pth', files / 'odd.pth'])


# ---------------------------------------------------------------- laws


def bits(state):
    return {name: (t.dtype, tuple(t.shape), t.reshape(-1).view(torch.uint8).tolist()) for name, t in state.items()}


def odd_values():
    """What a mean spoils easily: negative zero, subnormal and huge numbers, in blocks of more than one cache."""
    values = torch.randn(300_001, generator=torch.Generator().manual_seed(5))
    values[:6] = torch.tensor([-0., 0., 1e-45, -1e-40, 3e38, -3e38])
    return {'w': values, 'h': values[:9].half().nan_to_num(), 'b': values[:9].bfloat16().nan_to_num(),
            'd': values[:9].double() / 3, 'c': torch.complex(values[:2], values[1:3]), 'n': torch.tensor(2**60),
            'empty': torch.zeros(0, 3), 'one': torch.tensor(.1), 'turned': values[:6].view(2, 3).t(),
            'f8': values[:4].to(torch.float8_e5m2)}


@pytest.mark.parametrize('suffix', ['.pth', '.safetensors'])
@pytest.mark.parametrize('count', [1, 2, 3, 7])
def test_copies_make_themselves_bit_for_bit(tmp_path, count, suffix):
    state = odd_values()
    for n in range(count):
        write_state(state, {}, tmp_path / f'epoch_{n}{(".pth", ".safetensors")[n % 2]}')
    members = open_members(find_members(tmp_path))
    write_soup(members, as_shares(None, count), tmp_path / f'soup{suffix}')
    assert bits(load_checkpoint(tmp_path / f'soup{suffix}')['state_dict']) == bits(state)
    weights = [.3, .1, .25, 0, 1, .7, 2][:count]
    assert bits(mix(members, as_shares(weights, count))) == bits(state)


def test_all_the_weight_on_one_is_that_one(files):
    members = open_members(find_members(files))
    for place, member in enumerate(members):
        shares = as_shares([float(place == n) for n in range(len(members))], len(members))
        assert bits(mix(members, shares)) == bits(member.tensors)


def test_the_order_of_members_does_not_count():
    states = [state(seed)['w'] for seed in range(5)]
    expected = torch.stack(states).double().mean(dim=0)
    for order in itertools.permutations(range(5)):
        found = weighted_mean([states[n] for n in order], [1.] * 5)
        torch.testing.assert_close(found.double(), expected, rtol=0, atol=2e-7)


def test_weights_are_those_of_the_mean():
    generator = torch.Generator().manual_seed(1)
    for dtype, tolerance in ((torch.float64, 1e-15), (torch.float32, 3e-7), (torch.float16, 1e-3)):
        tensors = [torch.randn(2, 200_000, generator=generator).to(dtype) for _ in range(5)]
        weights = torch.tensor([.1, 2., 0., .5, 1.], dtype=torch.float64)
        expected = sum(w * t.double() for w, t in zip(weights, tensors)) / weights.sum()
        found = weighted_mean(tensors, weights.tolist())
        assert found.dtype == dtype and (found.double() - expected).abs().max() <= tolerance * 4
    mixed = weighted_mean([torch.ones(2).half(), torch.zeros(2)], [.5, .5])
    assert mixed.dtype == torch.float32 and mixed.tolist() == [.5, .5]


def test_half_precision_is_summed_in_single():
    """65504 + 65504 is infinite in float16, and 2048 + 1 is 2048."""
    large, small = torch.full((3, ), 65504.).half(), torch.tensor([2048., 1., 1.]).half()
    assert weighted_mean([large] * 3, [1, 1, 1]).tolist() == large.tolist()
    assert weighted_mean([small[:1], small[1:2], small[2:]], [1, 1, 1]).item() == torch.tensor(2050 / 3).half().item()


def test_batches_tracked_are_the_most_and_other_counters_are_told(tmp_path):
    for epoch, tracked in ((1, 30), (2, 10), (3, 20)):
        torch.save({'bn.num_batches_tracked': torch.tensor(tracked), 'table': torch.tensor([epoch, 5]),
                    'same': torch.tensor(1)}, tmp_path / f'epoch_{epoch}.pth')
    members = open_members(find_members(tmp_path))
    soup = mix(members, as_shares([1, 1, 0], 3))
    assert soup['bn.num_batches_tracked'] == 30 and soup['table'].tolist() == [2, 5]
    assert differing_counters(members) == ['table']


@pytest.mark.parametrize('suffix', ['.pth', '.safetensors'])
def test_tied_tensors_stay_one(tmp_path, suffix):
    for epoch in (1, 2):
        w = torch.full((3, ), float(epoch))
        torch.save({'a': w, 'b': w, 'part': w[:2], 'apart': w.clone()}, tmp_path / f'epoch_{epoch}.pth')
    write_soup(open_members(find_members(tmp_path)), [.5, .5], tmp_path / f'soup{suffix}')
    soup = load_checkpoint(tmp_path / f'soup{suffix}', mmap=True)['state_dict']
    assert soup['a'].data_ptr() == soup['b'].data_ptr() != soup['apart'].data_ptr()
    assert all(tensor.tolist() == [1.5] * len(tensor) for tensor in soup.values())
    write_state(soup, {}, tmp_path / f'again{suffix}')
    assert bits(load_checkpoint(tmp_path / f'again{suffix}')['state_dict']) == bits(soup)


@pytest.mark.parametrize('weights', [[1.], [1., -1.], [0., 0.], [float('nan'), 1.], [float('inf'), 1.]])
def test_bad_weights(weights):
    with pytest.raises(CheckpointError, match='--weights: `weights` must be 2 numbers'):
        as_shares(weights, 2)


@pytest.mark.parametrize('suffix', ['.pth', '.safetensors'])
def test_what_fails_leaves_the_older_soup(files, suffix):
    out = files / f'soup{suffix}'
    out.write_bytes(b'older')
    torch.save({'state_dict': {**state(3), 'w': torch.full((5, 3), torch.inf)}}, files / 'odd.pth')
    members = open_members([files / 'epoch_1.pth', files / 'odd.pth'])
    with pytest.raises(CheckpointError, match='odd.pth: `w` must be finite'):
        write_soup(members, [.5, .5], out)
    assert out.read_bytes() == b'older' and not list(files.glob('.*'))
    assert bits(mix(members, [1., 0.])) == bits(state(1))
    with pytest.raises(CheckpointError, match='is one of the checkpoints'):
        write_soup(members, [.5, .5], files / '..' / files.name / 'odd.pth')
    with pytest.raises(CheckpointError, match='ends with .pth or .safetensors'):
        write_soup(members, [.5, .5], files / 'soup.bin')


def test_a_soup_tells_where_it_is_from(files):
    members = open_members(find_members(files))
    for out in ('soup.pth', 'soup.safetensors'):
        write_soup(members, as_shares([0, 1, 1, 2], 4), files / out)
        meta = load_checkpoint(files / out)['meta']
        assert meta['soup'] == ['epoch_2.pth', 'epoch_9.pth', 'epoch_10.pth']
        assert meta['soup_shares'] == [.25, .25, .5] and list(meta['dataset_meta']['classes']) == ['x']
        assert Path(files / out).stat().st_size < 5000
