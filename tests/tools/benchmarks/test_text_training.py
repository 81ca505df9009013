"""The benchmark of trainings times whole epochs of equal steps, and pads as it says."""
import re

import numpy as np
import pytest

from mmcomp.datasets.samplers.length_bucket_batch_sampler import LengthBucketBatchSampler
from mmcomp.testing.speed import measuring, text_speed


def test_a_round_of_three_ways_becomes_a_table(tool, capsys):
    tool('benchmarks/text_training').main(['--rows', '64', '--batch-size', '4',
                                           '--layers', '1', '--width', '16', '--rounds', '1'])
    out = capsys.readouterr().out
    rows = [line.strip('| ').split(' | ') for line in out.splitlines() if line.startswith('| ')]
    names = ['fixed 220', 'Trainer, group_by_length', 'ours, buckets']
    assert [row[0] for row in rows] == ['way', *names, '(no padding at all)'] and '16 steps a way' in out
    speeds = dict(zip(names, (float(re.match(r'[\d.]+', row[1])[0]) for row in rows[1:4])))
    assert float(rows[3][2]) == pytest.approx(speeds[names[2]] / speeds[names[0]], rel=.2, abs=.02)
    padding, limits = ([float(row[i]) for row in rows[1:]] for i in (-2, -1))
    assert padding[0] > padding[2] > padding[3] == 0 and 1 == limits[0] < limits[2] < limits[3]


def test_ways_take_turns_at_being_first():
    order = []
    ways = [lambda turn, name=name: order.append(name) or turn + 1. for name in 'abc']
    assert measuring.alternated(ways, 2).tolist() == [[1, 1, 1], [2, 2, 2]]
    assert ''.join(order) == 'abcbca'


def test_padding_and_flops(tmp_path):
    bench = text_speed.Bench(tmp_path, tmp_path, rows=64, batch_size=8, layers=2, width=4)
    assert bench.lengths.max() <= 220 and bench.lengths.min() >= 3
    for way in ('fixed', 'trainer', 'buckets', 'sorted', 'order', 'none'):
        assert len(bench.padded(way)) == 64 and bench.padded(way).sum() >= bench.lengths.sum()
    assert bench.padded('sorted').sum() <= bench.padded('order').sum()
    # By hand: projections and inner layers are 12 C x C matrices, scores and their sums 2 L x L x C.
    by_hand = sum(2 * 2 * (12 * 4 * 4 * tokens + 2 * tokens * tokens * 4) for tokens in (3, 10))
    assert bench.flops(np.array([3, 10])) == by_hand


def test_comments_have_the_lengths_they_are_said_to_have(tmp_path, root):
    from mmcomp.apis import load_config
    bench = text_speed.Bench(tmp_path, root / 'configs/_base_', rows=40, batch_size=8, layers=1, width=8)
    bench.write()
    cfg = load_config(bench.config).train_dataloader.dataset.to_dict()
    texts = text_speed.TabularTextDataset(**{k: v for k, v in cfg.items() if k != 'type'})
    assert texts.lengths.tolist() == bench.lengths.tolist()
    assert LengthBucketBatchSampler.__init__.__defaults__[:2] == (100, 1), 'what the padding is counted with'
