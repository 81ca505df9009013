import numpy as np
import pytest

from mmcomp.annotations import write_list
from mmcomp.errors import ConfigError
from mmcomp.predictions.tables import write_table
from mmcomp.structures import PredictionTable

MODELS = 'name,seconds,gb,count,value\nbert,3000,2,3,2\nlstm,10,1,2,1\n'


def test_by_value(tool, tmp_path, capsys):
    (tmp_path / 'models.csv').write_text(MODELS)
    tool('plan_inference').main([str(tmp_path / 'models.csv'), '--max-seconds', '7200', '--max-gb', '20'])
    out = capsys.readouterr().out
    assert '4 of 5 models' in out and 'time: 6020 s of 7200 s, 1180 left' in out
    assert 'left out bert-1: time would be exceeded' in out or 'left out bert-3: time would be exceeded' in out


def test_by_out_of_fold_scores(tool, tmp_path, capsys):
    rng, names = np.random.default_rng(0), [f'{i}' for i in range(200)]
    truth = rng.random(200) < .5
    lines = ['name,seconds,gb,table']
    for name, skill in (('good', 2.), ('other', 2.), ('noise', 0.)):
        scores = (rng.normal(size=200) + skill * truth)[:, None].astype(np.float32)
        write_table(PredictionTable(names, scores, 'value'), tmp_path / f'{name}.pkl')
        lines.append(f'{name},1,1,{tmp_path}/{name}.pkl')
    (tmp_path / 'models.csv').write_text('\n'.join(lines))
    write_list(tmp_path / 'truth.txt', names, truth)
    words = [str(tmp_path / 'models.csv'), '--truth', str(tmp_path / 'truth.txt'), '--metric', 'roc_auc']
    tool('plan_inference').main(words)
    out = capsys.readouterr().out
    assert '2 of 3 models: good, other' in out and 'left out noise: it adds nothing' in out
    (tmp_path / 'models.csv').write_text(MODELS)
    with pytest.raises(ConfigError, match='`table` must be given'):
        tool('plan_inference').main(words)
