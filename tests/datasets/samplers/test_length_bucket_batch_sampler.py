"""Every row once, in batches of like length; the same for every number of ranks and from any batch on."""
from types import SimpleNamespace

import numpy as np
import pytest
from mmengine.dataset import ClassBalancedDataset, ConcatDataset, DefaultSampler, InfiniteSampler, RepeatDataset

from mmcomp.datasets import TabularTextDataset
from mmcomp.datasets.samplers import length_bucket_batch_sampler, resumable_batch_sampler
from mmcomp.datasets.samplers.length_bucket_batch_sampler import LengthBucketBatchSampler, budget_cuts, text_lengths
from mmcomp.datasets.samplers.resumable_batch_sampler import ResumableBatchSampler
from mmcomp.datasets.seeded_dataset import SeededDataset
from mmcomp.errors import ConfigError


class Texts:

    def __init__(self, lengths):
        self.lengths = np.asarray(lengths, dtype=np.int32)

    def __len__(self):
        return len(self.lengths)


def log_normal(rows, mean=66, longest=220, seed=0):
    """Lengths as of comments: mean 66, capped at 220."""
    lengths = np.random.default_rng(seed).lognormal(0, 1, rows)
    scale = mean
    for _ in range(50):
        scale *= mean / (lengths * scale).clip(1, longest).mean()
    return (lengths * scale).clip(1, longest).astype(np.int32)


@pytest.fixture
def on_ranks(monkeypatch):
    """``on_ranks(ranks, make)``: what ``make()`` gives on each rank."""

    def call(ranks, make):
        found = []
        for rank in range(ranks):
            for module in (length_bucket_batch_sampler, resumable_batch_sampler):
                monkeypatch.setattr(module, 'get_dist_info', lambda rank=rank: (rank, ranks))
            found.append(make())
        return found

    return call


def bucketed(lengths, batch_size, epoch=0, kind=DefaultSampler, **kwargs):
    sampler = LengthBucketBatchSampler(kind(Texts(lengths), seed=0), batch_size, **kwargs)
    sampler.set_epoch(epoch)
    return sampler


def resumable(lengths, batch_size, epoch=0, start=0, kind=DefaultSampler, **kwargs):
    dataset = SeededDataset(Texts(lengths))
    cfg = dict(type='LengthBucketBatchSampler', **kwargs)
    sampler = ResumableBatchSampler(kind(dataset, seed=0), batch_size, batch_sampler=cfg)
    sampler.place(7, epoch, start)
    return sampler


def padded(batches, lengths, multiple=1):
    return sum(len(batch) * -(-int(lengths[batch].max()) // multiple) * multiple for batch in batches)


@pytest.mark.parametrize('kwargs', [{}, dict(noise=0, pool_batches=2), dict(longest_first=True), dict(max_tokens=900)])
@pytest.mark.parametrize('rows', [1, 31, 32, 333])
def test_an_epoch_is_a_permutation(rows, kwargs):
    lengths = log_normal(rows)
    batches = [list(bucketed(lengths, 8, epoch, **kwargs)) for epoch in (0, 1)]
    for epoch in batches:
        assert sorted(row for batch in epoch for row in batch) == list(range(rows))
        assert len(epoch) == len(bucketed(lengths, 8, **kwargs))
    assert batches[0] == list(bucketed(lengths, 8, **kwargs)) and (rows == 1 or batches[0] != batches[1])


def test_less_than_8_percent_of_tokens_are_padding():
    lengths = log_normal(20_000)
    assert abs(lengths.mean() - 66) < 1 and lengths.max() == 220
    batches = list(bucketed(lengths, 32))
    share = 1 - lengths.sum() / padded(batches, lengths, 8)
    at_random = np.random.default_rng(0).permutation(20_000).reshape(-1, 32)
    assert share < .08 < 1 - lengths.sum() / padded(at_random, lengths)


def test_a_pool_bounds_who_can_meet():
    """In one pool, batches follow each other in length; the smaller the pools, the more is padding."""
    lengths = log_normal(640)
    ends = sorted((lengths[batch].min(), lengths[batch].max())
                  for batch in bucketed(lengths, 8, pool_batches=80, noise=0))
    assert all(high <= low for (_, high), (low, _) in zip(ends, ends[1:]))
    sizes = [padded(bucketed(lengths, 8, pool_batches=p), lengths) for p in (1, 5, 80)]
    assert sizes[0] > sizes[1] > sizes[2]


@pytest.mark.parametrize('ranks', [1, 2, 3])
def test_a_budget_of_tokens_is_kept(on_ranks, ranks):
    lengths = log_normal(1000)
    for epoch in range(3):
        shares = on_ranks(ranks, lambda epoch=epoch: list(bucketed(lengths, 64, epoch, max_tokens=1000, noise=4)))
        for batches in shares:
            assert all(padded([batch], lengths, 8) <= 1000 and len(batch) <= 64 for batch in batches)
        assert len({len(batches) for batches in shares}) == 1
    alone = list(bucketed(lengths, 64, max_tokens=1000))
    assert padded(alone, lengths, 8) > .85 * 1000 * len(alone), 'batches are nearly full'


def test_a_row_above_the_budget_is_alone():
    assert budget_cuts(np.array([2, 3, 3, 50, 60]), 9, 100).tolist() == [3, 4]
    assert budget_cuts(np.array([1] * 5), 100, 2).tolist() == [2, 4]


def test_the_longest_comes_first_and_a_few_are_left_out():
    lengths = log_normal(333)
    lengths[5] = 500
    first = next(iter(bucketed(lengths, 8, longest_first=True)))
    assert 5 in first and len(first) == 8
    dropped = [set(range(333)) - {row for batch in bucketed(lengths, 8, epoch, drop_last=True) for row in batch}
               for epoch in (0, 1)]
    assert len(dropped[0]) == len(dropped[1]) == 333 % 8 and dropped[0] != dropped[1]
    assert len(bucketed(lengths, 8, drop_last=True)) == 41


@pytest.mark.parametrize('kwargs', [{}, dict(max_tokens=1000)])
@pytest.mark.parametrize('kind', [DefaultSampler, InfiniteSampler])
def test_the_number_of_ranks_changes_nothing(on_ranks, kind, kwargs):
    lengths = log_normal(333)
    total = dict(kwargs, max_tokens=4000) if kwargs else kwargs
    alone = list(on_ranks(1, lambda: resumable(lengths, 32, kind=kind, **total))[0])
    shares = on_ranks(4, lambda: resumable(lengths, 8, kind=kind, **kwargs))
    facts = {(len(s), s.global_batch_size, s.elastic, s.endless) for s in shares}
    assert facts == {(len(list(shares[0])), 4000 if kwargs else 32, True, False)}
    if kwargs:
        assert all(lengths[[int(i) for i in batch]].max() * len(batch) <= 1000 for s in shares for batch in s)
        return
    for whole, *parts in zip(alone, *map(list, shares), strict=True):
        joined = [(int(part[i]), part[i].seed) for i in range(len(parts[0])) for part in parts]
        assert len({len(part) for part in parts}) == 1
        assert joined[:len(whole)] == [(int(row), row.seed) for row in whole] and len(joined) - len(whole) < 4


@pytest.mark.parametrize('kwargs', [{}, dict(max_tokens=1000), dict(longest_first=True, drop_last=True)])
@pytest.mark.parametrize('ranks', [1, 2])
def test_it_begins_in_the_middle(on_ranks, ranks, kwargs):
    lengths = log_normal(200)

    def batches(start):
        return on_ranks(ranks, lambda: [[(int(row), row.seed) for row in batch] for batch in
                                        resumable(lengths, 8, 2, start, **kwargs)])

    whole = batches(0)
    for start in (1, 7, len(whole[0])):
        assert batches(start) == [rank[start:] for rank in whole]


def test_padding_is_alike_on_all_ranks(on_ranks):
    lengths = log_normal(3200)
    shares = on_ranks(2, lambda: list(bucketed(lengths, 16)))
    differences = [abs(int(lengths[a].max()) - int(lengths[b].max())) for a, b in zip(*shares, strict=True)]
    assert np.mean(differences) < 2


def test_lengths_through_wrappers():
    rows = [dict(text=text, y=label) for text, label in (('a', 'x'), ('a a', 'y'), ('a a a', 'x'), ('a a a a', 'x'))]
    texts = TabularTextDataset(rows=rows, target_col='y', tokenizer=dict(type='WordPiece', vocab=['[UNK]', 'a']))
    wrappers = (SeededDataset(texts), ConcatDataset([texts, texts]), RepeatDataset(texts, 2),
                ClassBalancedDataset(texts, oversample_thr=.9))
    for dataset in wrappers:
        assert text_lengths(dataset).tolist() == [len(dataset[i]['inputs']) for i in range(len(dataset))]
    assert len(wrappers[-1]) > 4


@pytest.mark.parametrize('kwargs', [dict(batch_size=0), dict(pool_batches=0), dict(noise=-1), dict(max_tokens=0)])
def test_what_is_wrong_is_named(kwargs):
    with pytest.raises(ConfigError, match='at least'):
        bucketed([1, 2], **dict(dict(batch_size=2), **kwargs))
    with pytest.raises(ConfigError, match='lengths'):
        LengthBucketBatchSampler(DefaultSampler(range(3), seed=0), 2)
    with pytest.raises(ConfigError, match='DefaultSampler'):
        LengthBucketBatchSampler(SimpleNamespace(dataset=Texts([1])), 2)
