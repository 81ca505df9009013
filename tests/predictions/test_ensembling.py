import numpy as np
import pytest

from mmcomp.errors import TableError
from mmcomp.predictions.ensembling import ensemble, write_score_dict, write_score_list
from mmcomp.predictions.tables import read_table, write_table
from mmcomp.structures import PredictionTable

IDS = [f'{i}.jpg' for i in range(400)]
CLASSES = tuple(f'{c:04d}' for c in range(700))


def random_table(seed, dtype=np.float32, **kwargs):
    scores = np.random.default_rng(seed).random((len(IDS), len(CLASSES))) ** 4
    scores = (scores / scores.sum(axis=1, keepdims=True)).astype(dtype)
    return PredictionTable(IDS, scores, **{'classes': CLASSES, **kwargs})


def published(tables, factors):
    """The original's loop over samples."""
    total = {}
    for table, factor in zip(tables, factors, strict=True):
        for name, scores in zip(table.ids, table.scores, strict=True):
            total[name] = total.get(name, 0) + scores.astype(np.float64) / len(tables) * factor
    return np.stack([total[name] for name in IDS])


@pytest.mark.parametrize('dtype, tolerance', [(np.float32, 1e-7), (np.float16, 1e-7), (np.float64, 1e-7)])
def test_sum_is_the_published_loop(dtype, tolerance):
    tables, factors = [random_table(s, dtype) for s in range(3)], np.array([1., 2.080086, .25])
    result = ensemble(tables, factors / 3)
    assert result.scores.dtype == np.float32
    np.testing.assert_allclose(result.scores, published(tables, factors), atol=tolerance, rtol=1e-5)
    assert result.kind == 'value' and result.origin['weights'] == (factors / 3).tolist()


def test_members_are_joined_by_id_and_class_name():
    rng = np.random.default_rng(5)
    tables = [random_table(s) for s in range(3)]
    expected = ensemble(tables)
    rows, columns = rng.permutation(len(IDS)), rng.permutation(len(CLASSES))
    shuffled = PredictionTable(np.array(IDS)[rows], tables[1].scores[rows][:, columns],
                               classes=tuple(np.array(CLASSES)[columns]))
    result = ensemble([tables[0], shuffled, tables[2]])
    assert (result.ids == IDS).all() and result.classes == CLASSES and result.kind == 'probability'
    np.testing.assert_array_equal(result.scores, expected.scores)


def test_members_may_be_files_and_are_left_as_they_were(tmp_path):
    tables = [random_table(s) for s in range(2)]
    before = [t.scores.copy() for t in tables]
    for i, table in enumerate(tables):
        write_table(table, tmp_path / f'{i}.pkl')
    result = ensemble([tmp_path / '0.pkl', str(tmp_path / '1.pkl')])
    np.testing.assert_array_equal(result.scores, ensemble(tables).scores)
    for table, scores in zip(tables, before, strict=True):
        np.testing.assert_array_equal(table.scores, scores)


def test_kind_of_the_sum():
    tables = [random_table(s) for s in range(2)]
    assert ensemble(tables, [.3, .7]).check().kind == 'probability'
    assert ensemble(tables, [.5, .6]).kind == 'value'
    logits = [random_table(s, kind='logit') for s in range(2)]
    assert ensemble(logits).kind == 'logit'
    with pytest.raises(TableError, match='as probabilities'):
        ensemble([tables[0], logits[0]])
    with pytest.raises(TableError, match='share no axes'):
        ensemble([random_table(0, kind='embedding')])


def test_class_names_come_from_any_member():
    assert ensemble([random_table(0, classes=None), random_table(1)]).classes == CLASSES


def test_published_pickles_are_read_back(tmp_path):
    result = ensemble([random_table(s) for s in range(2)], [2., 1.])
    write_score_list(result, tmp_path / 'list.pkl')
    write_score_dict(result, tmp_path / 'dict.pkl')
    for name in ('list.pkl', 'dict.pkl'):
        back = read_table(tmp_path / name)
        assert (back.ids == result.ids).all()
        np.testing.assert_array_equal(back.scores, result.scores)
    assert read_table(tmp_path / 'list.pkl').classes == CLASSES


def bad_member(change):
    table = random_table(1, origin={'file': 'bad.pkl'})
    ids, scores, classes = table.ids.copy(), table.scores.copy(), list(CLASSES)
    if change == 'other class':
        classes[3] = 'cat'
    elif change == 'fewer classes':
        scores, classes = scores[:, :5], classes[:5]
    elif change == 'other sample':
        ids[7] = 'x.jpg'
    elif change == 'more samples':
        ids, scores = np.append(ids, 'x.jpg'), np.vstack([scores, scores[:1]])
    elif change == 'nan':
        scores[11, 2] = np.nan
    return PredictionTable(ids, scores, 'probability', tuple(classes), {'file': 'bad.pkl'})


@pytest.mark.parametrize('change, words', [
    ('other class', '0003'), ('fewer classes', '700 columns'), ('other sample', '7.jpg'), ('more samples', '401'),
    ('nan', '11.jpg')])
def test_members_that_do_not_fit_are_named(change, words):
    with pytest.raises(TableError, match=words) as caught:
        ensemble([random_table(0), bad_member(change)])
    assert str(caught.value).startswith('bad.pkl')


def test_half_precision_overflow_is_refused():
    table = random_table(0, np.float16, kind='value')
    table.scores[3, 3] = np.inf
    with pytest.raises(TableError, match='3.jpg'):
        ensemble([random_table(1), table])
