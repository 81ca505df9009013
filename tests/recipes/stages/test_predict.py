"""Models of one pass leave the tables that each leaves alone, in one process and by the tool."""
import shutil

import numpy as np
import pytest

from mmcomp.apis import load_config
from mmcomp.predictions.tables import read_table
from mmcomp.recipes.stage import Site
from mmcomp.recipes.stages import predict
from mmcomp.recipes.stages.predict import Predict

TEACHERS = dict(model=['early'], also=['late'])


@pytest.fixture()
def models(toy_run, tmp_path):
    """Two trainings as stages leave them; the second has a config of its own."""
    config, work = toy_run
    for epoch, name in enumerate(('early', 'late'), 1):
        (tmp_path / name).mkdir()
        shutil.copy(work / f'epoch_{epoch}.pth', tmp_path / name / 'weights.pth')
        load_config(config, dict(val_dataloader=dict(batch_size=3 * epoch))).dump(tmp_path / name / 'config.py')
    return str(tmp_path / 'early'), str(tmp_path / 'late')


def site(folder, gpus=()):
    folder.mkdir()
    return Site('look', folder, 'key', gpus, TEACHERS)


@pytest.mark.parametrize('gpus', [(), (0, 1)])
def test_two_models_in_one_pass(models, toy_run, tool, tmp_path, monkeypatch, gpus):
    calls = []
    monkeypatch.setattr(predict, 'launch', lambda site, name, words: (
        calls.append(words), tool(name.removesuffix('.py')).main(words)))
    early, late = models
    how = dict(folder=str(toy_run[0].parent / 'images'), half=True,
               options=dict(val_dataloader=dict(num_workers=0)))
    stage, both = Predict(model=early, also=dict(second=late), **how), site(tmp_path / 'both', gpus)
    assert set(stage.declared_outputs()) == {'table', 'second'}
    assert stage.run(both) == '32 samples by 2 models' and len(calls) == bool(gpus)
    for name, model, teacher in (('table', early, 'early'), ('second', late, 'late')):
        alone = site(tmp_path / name)
        Predict(model=model, **how).run(alone)
        found, expected = read_table(both.folder / f'{name}.pkl'), read_table(alone.folder / 'table.pkl')
        assert found.ids.tolist() == expected.ids.tolist() and np.array_equal(found.scores, expected.scores)
        assert found.scores.dtype == np.float16
        assert found.origin['teachers'] == [teacher] and found.origin['stage'] == 'look'
    first, second = (read_table(both.folder / name) for name in ('table.pkl', 'second.pkl'))
    assert not np.array_equal(first.scores, second.scores)
    left = {path.name for path in both.folder.iterdir() if path.is_file()}
    assert left == {'table.pkl', 'second.pkl', *(('launch.py', 'launch-second.py') if gpus else ())}


def test_checkpoints_are_combined_beside_another_model(models, toy_run, tmp_path):
    _, work = toy_run
    early, late = models
    for epoch in (1, 2):
        shutil.copy(work / f'epoch_{epoch}.pth', tmp_path / 'early')
    look = site(tmp_path / 'look')
    assert Predict(model=early, checkpoints=2, also=dict(second=late)).run(look) == '32 samples by 3 models'
    tables = []
    for model in (early, late):
        alone = site(tmp_path / f'{len(tables)}')
        Predict(model=model).run(alone)
        tables.append(read_table(alone.folder / 'table.pkl').scores)
    assert np.array_equal(read_table(look.folder / 'second.pkl').scores, tables[1])
    np.testing.assert_allclose(read_table(look.folder / 'table.pkl').scores, np.mean(tables, axis=0), rtol=1e-6)
