import numpy as np
import pytest

from mmcomp.errors import TableError
from mmcomp.predictions.ensembles.ensembling import ensemble, ensemble_stream, write_score_dict, write_score_list
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


# Methods, worked out in float64 on whole tables.

def plain_softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


@pytest.mark.parametrize(('method', 'power'),
                         [('geometric', 1.), ('power', 1.), ('power', .5), ('power', -2.), ('power', 3.)])
@pytest.mark.parametrize('from_logits', [False, True])
def test_methods_are_their_formulas(method, power, from_logits):
    weights, temperatures = np.array([.5, 1., 2.]), [1., 2., .7]
    tables = [random_table(s) for s in range(3)]
    if from_logits:
        tables = [PredictionTable(t.ids, np.log(t.scores + 1e-6), 'logit', t.classes) for t in tables]
    logits = [t.scores.astype(float) if from_logits else np.log(np.maximum(t.scores, 1e-30).astype(float))
              for t in tables]
    parts = [plain_softmax(x / temperature) for x, temperature in zip(logits, temperatures, strict=True)]
    shares = weights / weights.sum()
    if method == 'geometric':
        expected = plain_softmax(sum(w * np.log(np.maximum(p, 1e-30)) for w, p in zip(shares, parts, strict=True)))
    else:
        expected = sum(w * np.maximum(p, 1e-30) ** power for w, p in zip(shares, parts, strict=True)) ** (1 / power)
        expected /= expected.sum(axis=1, keepdims=True)
    result = ensemble(tables, weights, method=method, power=power, temperatures=temperatures).check()
    assert result.kind == 'probability' and result.origin['temperatures'] == temperatures
    np.testing.assert_allclose(result.scores, expected, rtol=2e-3, atol=1e-7)


def test_power_one_is_the_mean_and_one_temperature_counts_for_all():
    tables = [random_table(s) for s in range(3)]
    mean = ensemble(tables).scores
    np.testing.assert_allclose(ensemble(tables, method='power').scores, mean, rtol=1e-4, atol=1e-9)
    flat = ensemble(tables, temperatures=[50.]).check()
    assert flat.scores.max() < mean.max() / 2 and flat.kind == 'probability'
    logits = ensemble([PredictionTable(IDS, 2 * t.scores, 'logit') for t in tables], temperatures=[2., 2., 2.])
    np.testing.assert_allclose(logits.scores, mean, rtol=1e-5)
    assert logits.kind == 'logit'


def test_ranks_are_those_of_scipy():
    from scipy.stats import rankdata
    rng = np.random.default_rng(0)
    tables = [PredictionTable(IDS, rng.integers(0, 20, (len(IDS), 9)).astype(np.float32), 'value') for _ in range(2)]
    expected = sum(w * (rankdata(t.scores, axis=0) - .5) / len(IDS) for w, t in zip((.25, .75), tables, strict=True))
    result = ensemble(tables, [1., 3.], method='rank')
    assert result.kind == 'value'
    np.testing.assert_allclose(result.scores, expected, rtol=1e-6)
    order = rng.permutation(len(IDS))
    np.testing.assert_allclose(ensemble([tables[0], tables[1].take(order)], [1., 3.], method='rank').scores, expected,
                               rtol=1e-6)


@pytest.mark.parametrize('method', ['mean', 'geometric', 'power', 'rank'])
def test_partial_coverage(method):
    rng = np.random.default_rng(1)
    tables = [random_table(s) for s in range(3)]
    kept = [np.arange(len(IDS)) if s == 0 else np.sort(rng.permutation(len(IDS))[:300]) for s in range(3)]
    cut = [t.take(k) for t, k in zip(tables, kept, strict=True)]
    weights = np.array([.2, .3, .5])
    with pytest.raises(TableError, match='ids are not in it'):
        ensemble(cut, weights, method=method)
    result = ensemble(cut, weights, method=method, partial=True)
    assert (result.ids == IDS).all()
    if method == 'rank':
        return
    for row in range(0, len(IDS), 37):
        here = [m for m in range(3) if row in kept[m]]
        one = [t.take(np.array([row])) for t in tables]
        expected = ensemble([one[m] for m in here], weights[here] / weights[here].sum(), method=method)
        np.testing.assert_allclose(result.scores[row], expected.scores[0], rtol=1e-4, atol=1e-9)
    assert result.kind == 'probability' and result.check()


def test_partial_members_that_overlap_in_nothing_and_others_that_only_seem_to():
    tables = [random_table(s) for s in range(2)]
    halves = [tables[0].take(np.arange(200)), tables[1].take(np.arange(200, 400))]
    result = ensemble(halves, partial=True)
    np.testing.assert_allclose(result.scores[:200], halves[0].scores, rtol=1e-6)
    np.testing.assert_allclose(result.scores[200:], halves[1].scores, rtol=1e-6)
    other = PredictionTable([f'testb/{i}' for i in IDS], tables[1].scores, 'probability', CLASSES)
    with pytest.raises(TableError, match='only in their folders'):
        ensemble([tables[0], other], partial=True)
    with pytest.raises(TableError, match='weight zero'):
        ensemble(halves, [0., 1.], partial=True)


def test_class_weights(tmp_path):
    tables = [random_table(s, origin={'file': f'{s}.pkl'}) for s in range(2)]
    by_member = np.random.default_rng(0).random((2, len(CLASSES)))
    result = ensemble(tables, [1., 2.], class_weights=by_member)
    expected = tables[0].scores * by_member[0] + 2 * tables[1].scores * by_member[1]
    np.testing.assert_allclose(result.scores, expected, rtol=1e-5)
    rows = [f'{c},{b!r},{a!r}' for c, a, b in zip(CLASSES, *by_member.tolist(), strict=True)]
    (tmp_path / 'w.csv').write_text('\n'.join(['class,1,0.pkl', *rows[::-1]]))
    np.testing.assert_array_equal(ensemble(tables, [1., 2.], class_weights=tmp_path / 'w.csv').scores, result.scores)
    (tmp_path / 'w.csv').write_text('\n'.join(['class,weight', *(f'{c},{i % 3}' for i, c in enumerate(CLASSES))]))
    boosted = ensemble(tables, method='geometric', class_weights=tmp_path / 'w.csv')
    assert boosted.kind == 'value'
    np.testing.assert_allclose(boosted.scores, ensemble(tables, method='geometric').scores
                               * (np.arange(len(CLASSES)) % 3), rtol=1e-5)
    for text, words in (('class,weight\n0000,1', 'lacking: 0001'), ('class,weight\n0000,x', 'numbers'),
                        ('\n'.join(['class,a', *(f'{c},1' for c in CLASSES)]), 'a')):
        (tmp_path / 'w.csv').write_text(text)
        with pytest.raises(TableError, match=words):
            ensemble(tables, class_weights=tmp_path / 'w.csv')


@pytest.mark.parametrize('form', ['.table', '.pkl', '.npz'])
@pytest.mark.parametrize('dtype', [np.float16, np.float32, np.float64])
def test_files_of_any_form_come_to_the_same_bits(tmp_path, monkeypatch, form, dtype):
    monkeypatch.setattr('mmcomp.predictions.formats.headers.SKIP_ABOVE', 1 << 18)
    monkeypatch.setattr('mmcomp.predictions.formats.table_stream.BLOCK_BYTES', 1 << 16)
    tables = [random_table(s, dtype) for s in range(3)]
    for i, table in enumerate(tables):
        write_table(table, tmp_path / f'{i}{form}')
    stream = ensemble_stream([tmp_path / f'{i}{form}' for i in range(3)], [.1, .2, .7])
    for _ in range(2):  # a stream can be read again
        write_table(stream, tmp_path / 'sum.table')
        np.testing.assert_array_equal(read_table(tmp_path / 'sum.table').scores,
                                      ensemble(tables, [.1, .2, .7]).scores)
    halves = [(float(w) * t.scores.astype(np.float32)).astype(np.float32) for w, t in zip([.1, .2, .7], tables)]
    np.testing.assert_array_equal(stream.gather().scores, (halves[0] + halves[1]) + halves[2])


def test_probabilities_whose_rows_do_not_sum_to_one_are_named():
    table = random_table(1, origin={'file': 'bad.pkl'})
    table.scores[11] *= 1.5
    with pytest.raises(TableError, match='bad.pkl.*sum one.*1 bad rows: 11.jpg.*If these are logits'):
        ensemble([random_table(0), table], [1., 0.])


def test_negative_probabilities_are_named():
    table = random_table(1, origin={'file': 'bad.pkl'})
    table.scores[11, :2] += np.float32([.5, -.5]) - table.scores[11, 1] * np.float32([-1, 1])
    assert abs(table.scores[11].sum() - 1) < 1e-3
    with pytest.raises(TableError, match='bad.pkl.*no negatives.*1 bad rows: 11.jpg'):
        ensemble([random_table(0), table])


def test_what_cannot_be_combined():
    tables, values = [random_table(s) for s in range(2)], random_table(0, kind='value')
    for how, words in ((dict(method='median'), 'one of'), (dict(method='power', power=0.), 'geometric'),
                       (dict(temperatures=[0.]), 'positive'), (dict(temperatures=[1., 2., 3.]), 'one a member'),
                       (dict(method='rank', temperatures=[2.]), 'ranks do not change'),
                       (dict(class_weights=np.ones((3, 3))), 'of shape')):
        with pytest.raises(TableError, match=words):
            ensemble(tables, **how)
    with pytest.raises(TableError, match='needs logits or probabilities'):
        ensemble([values], temperatures=[2.])
    with pytest.raises(TableError, match='convert'):
        ensemble([values, random_table(1, kind='logit')], method='geometric')


def test_equal_members_come_to_themselves_in_every_space():
    rng = np.random.default_rng(3)
    logits = PredictionTable([str(i) for i in range(50)], rng.normal(size=(50, 6)).astype(np.float32), 'logit')
    scores = np.exp(logits.scores) / np.exp(logits.scores).sum(axis=1, keepdims=True)
    probabilities = PredictionTable(logits.ids, scores)
    weights = [.2, .3, .5]
    of_logits = ensemble([logits] * 3, weights).scores
    np.testing.assert_allclose(np.exp(of_logits) / np.exp(of_logits).sum(axis=1, keepdims=True), scores, rtol=1e-5)
    for method, members in (('mean', [probabilities] * 3), ('geometric', [probabilities] * 3),
                            ('geometric', [logits, probabilities, logits]), ('power', [logits, probabilities, logits])):
        found = ensemble(members, weights, method=method)
        np.testing.assert_allclose(found.scores, scores, rtol=1e-5, err_msg=method)
    # A temperature that makes logits sharper and probabilities alike is one of either space.
    cold = [ensemble([member] * 3, weights, method='geometric', temperatures=[.5] * 3).scores
            for member in (logits, probabilities)]
    np.testing.assert_allclose(*cold, rtol=1e-4)
    ranked = ensemble([probabilities] * 2, method='rank').scores
    assert (np.argsort(ranked, axis=0) == np.argsort(scores, axis=0)).all()
