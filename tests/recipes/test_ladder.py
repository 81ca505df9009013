import numpy as np
import pytest

from mmcomp.annotations import write_list
from mmcomp.predictions.labels.label_files import write_labels
from mmcomp.predictions.tables import write_table
from mmcomp.recipes.ladder import Ladder, Rung, compare_seeds, ladder_rows, write_ladder
from mmcomp.structures import PredictionTable


def test_results_are_joined_by_id_and_gains_are_paired(tmp_path):
    write_list(tmp_path / 'truth.txt', list('abcd'), [0, 1, 1, 0])
    ladder = Ladder(tmp_path / 'truth.txt', ['no', 'yes'])
    scores = np.eye(2, dtype=np.float32)[[1, 1, 1, 0]]
    write_table(PredictionTable(list('dcba'), scores, classes=('no', 'yes')), tmp_path / 't.pkl')
    write_labels(tmp_path / 'l.csv', list('badc'), ['yes', 'no', 'no', 'no'])
    assert ladder.add('table', tmp_path / 't.pkl') == .75, 'd is wrong'
    assert ladder.add('labels', tmp_path / 'l.csv') == .75, 'c is wrong'
    again = ladder.add('table again', tmp_path / 't.pkl', over='table')
    assert again == .75 and ladder.rungs[2].gain == ladder.rungs[2].gain_error == 0
    assert ladder.rungs[1].gain == 0
    assert ladder.rungs[1].gain_error == pytest.approx(np.std([0, 0, 1, -1]) / 2), 'two of four samples changed'
    write_ladder(tmp_path / 'ladder.md', ladder.rungs)
    assert (tmp_path / 'ladder.md').read_text().splitlines()[2] == '| table | 75.0 ± 21.7 |  |'


def test_rows_are_percent():
    assert ladder_rows([Rung('a', .5, .012), Rung('b', .475, .01, -.025, .004, 'a')]) == [
        ('a', '50.0 ± 1.2', ''), ('b', '47.5 ± 1.0', '-2.5 ± 0.4')]


def test_seeds_are_compared_step_by_step():
    seeds = [[Rung('a', .5, 0), Rung('b', .6, 0, .1, 0, 'a')], [Rung('a', .7, 0), Rung('b', .7, 0, 0., 0, 'a')]]
    spread = 100 * np.std([.5, .7], ddof=1)
    assert compare_seeds(seeds).splitlines()[2:] == [
        f'| a | 60.0 ± {spread:.1f} |  |  |', '| b | 65.0 ± 7.1 | +5.0 ± 7.1 | a |']
