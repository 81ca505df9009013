"""The benchmark of predictions compares orders that give the same scores."""
import numpy as np

from mmcomp.predictions.tables import read_table
from mmcomp.recipes.work_folder import WorkFolder
from mmcomp.testing.speed.text_speed import Bench


def test_three_ways_become_a_table(tool, capsys):
    tool('benchmarks/text_prediction').main(['--rows', '60', '--batch-size', '4',
                                           '--layers', '1', '--width', '16', '--rounds', '2'])
    rows = [line.strip('| ').split(' | ') for line in capsys.readouterr().out.splitlines() if line.startswith('| ')]
    assert [row[0] for row in rows] == ['way', 'fixed 220', 'file order', 'ours, sorted', '(no padding at all)']
    padding = [float(row[-2]) for row in rows[1:]]
    assert padding == sorted(padding, reverse=True) and '…' in rows[1][3]


def test_order_and_padding_leave_the_scores(tmp_path, root):
    bench = Bench(tmp_path, root / 'configs/_base_', rows=30, batch_size=4, layers=1, width=16)
    with WorkFolder(tmp_path).quiet():
        bench.write()
        for way in (bench.predict_sorted, bench.predict_in_order, bench.predict_fixed):
            way()
    tables = [read_table(tmp_path / f'{name}.pkl') for name in ('sorted', 'order', 'fixed')]
    assert list(tables[0].ids) == [str(i) for i in range(30)]
    for table in tables[1:]:
        assert list(table.ids) == list(tables[0].ids)
        np.testing.assert_allclose(table.scores, tables[0].scores, atol=1e-6)
