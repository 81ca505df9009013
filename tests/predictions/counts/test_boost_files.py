"""Counts come from a CSV or a list; weights go where an ensemble reads them."""
import numpy as np

from mmcomp.annotations import write_list
from mmcomp.predictions.counts.boost_files import draw_weights, read_counts, write_class_weights
from mmcomp.predictions.ensembles.member_weights import read_class_weights


def test_counts_of_either_file(tmp_path):
    write_list(tmp_path / 'train.txt', [f'{i}.jpg' for i in range(6)], [0, 0, 0, 2, 2, 0])
    (tmp_path / 'counts.csv').write_text('a,4\nc,2\nb,0\n')
    for name in ('train.txt', 'counts.csv'):
        assert read_counts(tmp_path / name, ['a', 'b', 'c']).tolist() == [4, 0, 2]


def test_an_ensemble_reads_the_weights(tmp_path):
    weights = np.array([1.25, 3.])
    write_class_weights(tmp_path / 'w.csv', ['x', 'y'], weights)
    assert read_class_weights(tmp_path / 'w.csv', ('x', 'y'), ['member.pkl']).tolist() == weights.tolist()


def test_a_class_without_samples_is_drawn(tmp_path):
    draw_weights(tmp_path / 'w.svg', np.array([0, 3, 50]), np.array([4., 4., 1.]))
    assert '<svg' in (tmp_path / 'w.svg').read_text()
