import pickle

import numpy as np
import pytest

from mmcomp.errors import TableError
from mmcomp.predictions.tables import read_table, write_table
from mmcomp.structures import PredictionTable


def test_a_recorded_score_is_kept_with_the_rest(tool, tmp_path, capsys):
    path = tmp_path / 't.pkl'
    table = PredictionTable(['a', 'b'], np.eye(2, dtype=np.float32), classes=('x', 'y'), origin={'fold': 3})
    write_table(table, path)
    tool('record_score').main([str(path), '0.7510'])
    tool('record_score').main([str(path), '0.76'])
    tool('record_score').main([str(path), '0.9', '--metric', 'val'])
    back = read_table(path)
    origin = {k: v for k, v in back.origin.items() if k != 'file'}
    assert origin == {'fold': 3, 'leaderboard_score': .76, 'val_score': .9}
    assert (back.scores == table.scores).all() and back.classes == table.classes
    assert '(was 0.751)' in capsys.readouterr().out


def test_old_forms_get_a_new_file(tool, tmp_path):
    (tmp_path / 'old.pkl').write_bytes(pickle.dumps({'a.jpg': np.array([.25, .75], np.float32)}))
    with pytest.raises(TableError, match='--out'):
        tool('record_score').main([str(tmp_path / 'old.pkl'), '7510'])
    tool('record_score').main([str(tmp_path / 'old.pkl'), '7510', '--out', str(tmp_path / 'new.pkl')])
    assert read_table(tmp_path / 'new.pkl').origin['leaderboard_score'] == 7510
    with pytest.raises(TableError, match='positive'):
        tool('record_score').main([str(tmp_path / 'new.pkl'), '-1'])
