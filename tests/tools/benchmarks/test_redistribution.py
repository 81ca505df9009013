"""The benchmark of re-distribution compares ways that give the same labels where they should."""
import numpy as np
import pytest

from mmcomp.errors import DataError
from mmcomp.testing.speed.redistribution_speed import JOBS, write_predictions


def test_quality_of_few_classes(tool, capsys):
    tool('benchmarks/redistribution').main(['quality', '--classes', '40', '--seeds', '0', '1', '--leaning', '3'])
    rows = [line.strip('| ').split(' | ') for line in capsys.readouterr().out.splitlines() if line.startswith('| ')]
    even = dict(zip(rows[0], rows[1], strict=True))
    assert [row[0] for row in rows[1:]] == ['even', 'multinomial', 'long tail', 'shifted']
    assert float(even['assignment']) > float(even['greedy, best K']) + 2 > float(even['argmax'])


def test_published_way_and_ours_agree(tmp_path):
    write_predictions(tmp_path / 'test.table', 30)
    labels = {name: job(tmp_path / 'test.table') for name, (_, job) in JOBS.items()}
    np.testing.assert_array_equal(labels['published'], labels['greedy'])
    assert (np.bincount(labels['assignment']) == 18).all()


def test_speed_prints_a_row_a_way(tool, capsys):
    tool('benchmarks/redistribution').main(['speed', '--classes', '20', '--jobs', 'limit', 'assignment'])
    assert capsys.readouterr().out.count('\n| ') == 2
    with pytest.raises(DataError, match='limit, published'):
        tool('benchmarks/redistribution').main(['speed', '--classes', '20', '--jobs', 'other'])
