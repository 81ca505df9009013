"""Figures of made-up clocks by hand, and the samples that are measured."""
from types import SimpleNamespace

import numpy as np
import pytest
from mmengine.config import Config

from mmcomp.apis.throughput import Throughput, measure, random_loader, timed
from mmcomp.errors import ConfigError


def test_waits_and_steps_by_a_made_up_clock():
    now, steps = [0.0], []

    def batches():
        for wait in (5, 1, 2, 3):
            now[0] += wait
            yield wait

    def step(batch):
        steps.append(batch)
        now[0] += 10 * batch

    waits, works = timed(batches(), step, 1, lambda: now[0])
    assert steps == [5, 1, 2, 3] and waits.tolist() == [1, 2, 3] and works.tolist() == [10, 20, 30]


def test_figures_by_hand():
    works = np.arange(1, 102) / 1000.0
    found = Throughput(np.full(101, 0.049), works, 8, 1000, 'host').figures()
    # 5.151 s of work and 4.949 s of waiting.
    assert found['queries_per_second'] == pytest.approx(808 / 10.1)
    assert found['model_queries_per_second'] == pytest.approx(808 / 5.151)
    assert found['test_set_seconds'] == pytest.approx(1000 * 10.1 / 808)
    for part, (half, most) in dict(model=(51, 96), data=(49, 49), whole=(100, 145)).items():
        assert found['latency_ms'][part] == pytest.approx(dict(p50=half, p95=most))


class _Lines:
    """A data set of texts of given lengths."""

    def __init__(self, lengths):
        self.lengths = np.array(lengths)

    def __len__(self):
        return len(self.lengths)

    def __getitem__(self, row):
        return dict(row=row)


@pytest.mark.parametrize('batches', [2, 9])
def test_batches_are_full_of_like_lengths_and_in_no_order(batches):
    dataset = _Lines(np.random.default_rng(1).permutation(12))
    cfg = Config(dict(test_dataloader=dict(batch_size=4, num_workers=0, collate_fn=dict(type='default_collate'),
                                           sampler=dict(type='DefaultSampler', shuffle=False))))
    rows = np.array(random_loader(cfg, dataset, batches).batch_sampler.batches)
    assert rows.shape == (batches, 4)
    # Few samples come over again, each as often as the others.
    counts = np.bincount(rows.ravel(), minlength=12)
    assert counts.max() - counts.min() <= 1
    ends = sorted((lengths.min(), lengths.max()) for lengths in dataset.lengths[rows])
    assert all(high <= low for (_, high), (low, _) in zip(ends, ends[1:]))
    longest = dataset.lengths[rows].max(axis=1).tolist()
    assert batches == 2 or longest != sorted(longest, reverse=True)


def test_faults():
    with pytest.raises(ConfigError, match='at least 1, 0 and 1'):
        measure([], batches=0)
    with pytest.raises(ConfigError, match='at least one sample'):
        random_loader(SimpleNamespace(), [], 1)
