"""Made-up tables have the shape and the faults of the real ones."""
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from mmcomp.competitions.jigsaw.bias import jigsaw_areas
from mmcomp.competitions.jigsaw.columns import COLUMNS, IDENTITIES, METRIC_IDENTITIES
from mmcomp.competitions.jigsaw.synthetic import LEANING, write_competition
from mmcomp.errors import ConfigError


@pytest.fixture(scope='module')
def tables(tmp_path_factory):
    folder = tmp_path_factory.mktemp('made')
    write_competition(folder, 3000, 1500, words=300)
    return {path.stem: pd.read_csv(path) for path in folder.glob('*.csv')}


def test_columns_and_missing_values(tables):
    train = tables['train']
    assert tuple(train.columns) == COLUMNS and len(COLUMNS) == 45 and len(IDENTITIES) == 24
    asked = train[list(IDENTITIES)].notna()
    assert (asked.all(axis=1) == asked.any(axis=1)).all() and .2 < asked['male'].mean() < .3
    assert ((train.identity_annotator_count > 0) == asked['male']).all()
    shares = train[['target', 'obscene', *IDENTITIES]].to_numpy()
    assert np.nanmin(shares) == 0 and np.nanmax(shares) <= 1 and train.id.is_unique
    assert 'toxicity' in tables['test_private_expanded'] and 'target' not in tables['test_private_expanded']
    assert tables['sample_submission'].id.tolist() == tables['test'].id.tolist()


def test_few_raters_but_sometimes_thousands_and_texts_that_disagree(tables):
    raters = tables['train'].toxicity_annotator_count
    assert raters.median() < 7 and raters.max() > 20 * raters.mean()
    again = tables['train'].groupby('comment_text').target.agg(['size', 'nunique'])
    assert (again['size'] > 1).sum() > 20 and (again['nunique'] > 1).any()


def test_words_tell_toxicity_and_identities_mislead(tables):
    test = tables['test_private_expanded']
    toxic, text = test.toxicity >= .5, test.comment_text.str.lower()
    assert roc_auc_score(toxic, text.str.contains('grak')) > .85
    named = sum(text.str.contains(name.replace('_', ' ')) for name in LEANING)
    assert toxic[named > 0].mean() > 1.5 * toxic[named == 0].mean()
    # One who suspects the names is unfair to just these identities.
    suspicious = text.str.contains('grak') + .5 * named + np.random.default_rng(0).normal(0, .1, len(test))
    areas = jigsaw_areas(test.toxicity, test[list(METRIC_IDENTITIES)], suspicious)
    leaning = np.isin(METRIC_IDENTITIES, list(LEANING))
    assert np.nanmean(areas.bpsn[leaning]) < np.nanmean(areas.bpsn[~leaning]) - .02


def test_seeds_and_wrong_settings(tables, tmp_path):
    write_competition(tmp_path, 3000, 1500, words=300)
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / 'train.csv'), tables['train'])
    with pytest.raises(ConfigError, match='`rows, asked` must be positive'):
        write_competition(tmp_path, 0)
