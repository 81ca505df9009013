"""Tables whose rows keep their highest classes alone, against the arrays that they stand for."""
import json
import tracemalloc
from dataclasses import replace

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

from mmcomp.errors import TableError
from mmcomp.predictions.comparing import summary
from mmcomp.predictions.counts.redistribution import redistribute
from mmcomp.predictions.ensembles.ensembling import ensemble, ensemble_stream
from mmcomp.predictions.formats.headers import open_table, read_header
from mmcomp.predictions.formats.mapped_table import write_top
from mmcomp.predictions.formats.table_stream import TableStream, as_type, placeholder, stream_of
from mmcomp.predictions.formats.top_scores import TopScores, top_of_rows
from mmcomp.predictions.recording import record_score
from mmcomp.predictions.stacking import of_kind
from mmcomp.predictions.tables import read_table, write_table
from mmcomp.structures import PredictionTable

few = hypothesis.settings(max_examples=25, deadline=None, database=None, derandomize=True)


def probabilities(seed, rows=40, classes=9, levels=0):
    """Rows that sum to one; with ``levels`` many scores are equal."""
    rng = np.random.default_rng(seed)
    scores = rng.integers(1, levels + 1, (rows, classes)) if levels else rng.gamma(.3, size=(rows, classes)) + 1e-9
    return (scores / scores.sum(axis=1, keepdims=True)).astype(np.float32)


def table(scores, **more):
    return PredictionTable([f'{i}.jpg' for i in range(len(scores))], scores, **more)


def cut(scores, top):
    """The K first in the order of score, then place, a row at a time."""
    result = np.zeros_like(scores)
    for row, found in zip(scores, result, strict=True):
        for c in sorted(range(len(row)), key=lambda c: (-row[c], c))[:top]:
            found[c] = row[c]
    return result


def twin(path, scores, top, **more):
    write_top(stream_of(table(scores, **more)), path, top)
    return open_table(path)


@few
@hypothesis.given(st.integers(0, 99), st.integers(0, 30), st.integers(1, 8), st.integers(0, 3))
def test_the_first_of_the_highest_are_kept(seed, rows, top, levels):
    scores = probabilities(seed, rows, levels=levels)
    columns, kept, rest = top_of_rows(scores, top)
    whole = np.asarray(TopScores(kept, columns, rest, 9, 'x'))
    np.testing.assert_array_equal(whole, cut(scores, top))
    np.testing.assert_array_equal(whole.argmax(axis=1), scores.argmax(axis=1))
    np.testing.assert_allclose(whole.sum(axis=1) + rest, 1, atol=1e-6)


def test_it_is_read_as_an_array_is(monkeypatch):
    monkeypatch.setattr('mmcomp.predictions.formats.top_scores.BLOCK_BYTES', 4 * 9 * 7)
    scores = probabilities(0)
    found, whole = TopScores(*(top_of_rows(scores, 3)[i] for i in (1, 0, 2)), 9, 'x'), cut(scores, 3)
    rows, labels = np.array([3, 3, -1, 0]), np.array([0, -1, 4, 8])
    for key in (0, -1, np.int64(5), slice(3, 29), slice(None, None, 7), slice(4, 4), rows, scores[:, 0] > .1, rows[:0],
                (slice(2, 30), slice(1, 4)), (slice(None), 5), (slice(3, 9), labels), (slice(4, 4), labels),
                (rows, labels), (rows[:, None], labels), (2, 3), (slice(0, 8), slice(None, None, -1)), None):
        np.testing.assert_array_equal(found[key], whole[key], err_msg=str(key))
        assert found[key].dtype == whole.dtype
    for call in (np.asarray, len, np.shape, lambda a: a.min(), lambda a: a.max(), lambda a: a.max(axis=1),
                 lambda a: a.min(axis=0), lambda a: a.max(axis=0), lambda a: a.argmax(axis=1), lambda a: 2 * a + a,
                 lambda a: a > .2, lambda a: a.T, lambda a: a.size, lambda a: a.sum(axis=0), np.log1p,
                 lambda a: np.asarray(a, dtype=np.float64), lambda a: [*map(list, a)]):
        np.testing.assert_array_equal(call(found), call(whole))
    assert not hasattr(found, 'nothing_of_this_name')


@few
@hypothesis.given(st.lists(st.tuples(st.integers(0, 99), st.integers(1, 8), st.floats(0, 2)), min_size=1, max_size=4),
                  st.integers(0, 3), st.sampled_from(['mean', 'geometric', 'power']), st.booleans())
def test_the_top_class_of_an_ensemble_stays_where_every_member_kept_it(tmp_path_factory, members, levels, method, half):
    folder = tmp_path_factory.mktemp('twins')
    wholes, twins = [], []
    for at, (seed, top, _) in enumerate(members):
        whole = as_type(table(probabilities(seed, levels=levels), kind='value'), 'float16' if half else 'float32')
        write_top(whole, folder / f'{at}.table', top)
        wholes.append(whole.gather())
        twins.append(open_table(folder / f'{at}.table'))
    how = dict(weights=[weight + .1 for *_, weight in members], method=method, power=2.)
    expected = ensemble(wholes, **how).labels()
    held = np.all([(t.scores.columns == expected[:, None]).any(axis=1) for t in twins], axis=0)
    found = ensemble(twins, **how)
    np.testing.assert_array_equal(found.labels()[held], expected[held])
    np.testing.assert_array_equal(found.scores, ensemble([read_table(t.name) for t in twins], **how).scores)


def test_spread_scores_can_overtake_in_a_mean_which_is_why_the_others_are_zero(tmp_path):
    one, other = np.float32([[.3, .5, .1, .1]]), np.float32([[.35, 0, .33, .32]])
    twins = [twin(tmp_path / f'{i}.table', s, 1 + i) for i, s in enumerate((one, other))]
    twins[0] = twin(tmp_path / '2.table', one, 2)
    assert ensemble([table(one), table(other)]).labels() == ensemble(twins).labels() == [0]
    twins[1] = twin(tmp_path / '3.table', other, 1)
    assert ensemble([of_kind(t, 'probability').gather() for t in twins]).labels() == [1]


@pytest.mark.parametrize('how', [
    dict(method='argmax'), dict(method='greedy', floor=3), dict(method='sinkhorn'), dict(), dict(method='prior'),
    dict(method='assignment'), dict(counts=(1, 9))], ids=str)
def test_labels_are_those_of_the_array(tmp_path, how):
    scores = probabilities(3)
    found = twin(tmp_path / 'x.table', scores, 4)
    np.testing.assert_array_equal(redistribute(found, **how), redistribute(table(cut(scores, 4), kind='value'), **how))
    if how == dict(method='argmax'):
        np.testing.assert_array_equal(redistribute(found, **how), scores.argmax(axis=1))


@few
@hypothesis.given(st.integers(0, 99), st.integers(1, 8), st.integers(0, 3))
def test_what_is_gone_is_spread_evenly_and_takes_no_row(tmp_path_factory, seed, top, levels):
    scores = probabilities(seed, levels=levels)
    found = twin(tmp_path_factory.mktemp('x') / 'x.table', scores, top)
    back = of_kind(found, 'probability').gather().check()
    kept = np.asarray(found.scores) > 0
    np.testing.assert_array_equal(back.scores[kept], scores[kept])
    np.testing.assert_allclose(back.scores.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(back.labels(), scores.argmax(axis=1))
    assert all(len(set(row[~own])) <= 1 for row, own in zip(back.scores, kept, strict=True))


def test_the_folder_and_what_is_done_with_it(tmp_path, tool, capsys):
    main, path, scores = tool('table').main, tmp_path / 'x.table', probabilities(1, classes=300)
    write_table(table(scores, classes=[f'c{i}' for i in range(300)], origin={'fold': 1}), path)
    main(['convert', str(path), str(tmp_path / 'y.table'), '--top', '64', '--dtype', 'float16'])
    found, whole = open_table(tmp_path / 'y.table'), cut(scores.astype(np.float16), 64)
    assert found.scores.columns.dtype == np.uint16 and found.kind == 'value' and found.origin['fold'] == 1
    assert isinstance(found.scores, TopScores) and isinstance(read_table(tmp_path / 'y.table').scores, np.ndarray)
    np.testing.assert_array_equal(read_table(tmp_path / 'y.table').scores, whole)
    assert read_header(tmp_path / 'y.table')['top'] == 64 and read_header(tmp_path / 'y.table')['shape'] == (40, 300)
    record_score(tmp_path / 'y.table', .5)
    again = open_table(tmp_path / 'y.table')
    assert again.scores.top == 64 and again.origin['leaderboard_score'] == .5
    np.testing.assert_array_equal(again.scores.rest, found.scores.rest)
    main(['convert', str(tmp_path / 'y.table'), str(tmp_path / 'y.table'), '--top', '8'])
    np.testing.assert_allclose(open_table(tmp_path / 'y.table').scores.rest, 1 - cut(scores, 8).sum(axis=1), atol=2e-3)
    capsys.readouterr()
    main(['info', str(tmp_path / 'y.table')])
    assert 'the 8 highest classes of each row' in ' '.join(capsys.readouterr().out.split())
    for suffix in ('.pkl', '.npz', '.csv', '.parquet'):
        main(['convert', str(tmp_path / 'y.table'), str(tmp_path / f'y{suffix}')])
        np.testing.assert_array_equal(read_table(tmp_path / f'y{suffix}').scores, cut(scores.astype(np.float16), 8))


@pytest.mark.parametrize(('wrong', 'words'), [
    (dict(top=9), 'from 1 to 8, below'), (dict(top=0), 'from 1 to 8'), (dict(path='x.pkl'), '`.table`'),
    (dict(kind='logit'), 'Convert logits'), (dict(kind='embedding'), 'probability or value'),
    (dict(change=np.nan), 'finite.*3.jpg'), (dict(change=-1.), 'no negatives.*3.jpg'),
    (dict(change=-1., kind='value'), 'not negative.*3.jpg'), (dict(change=2.), 'sum one.*3.jpg')], ids=str)
def test_what_cant_be_cut_is_refused(tmp_path, wrong, words):
    scores = probabilities(0)
    scores[3, 2] = wrong.get('change', scores[3, 2])
    stream = stream_of(table(scores, kind=wrong.get('kind', 'probability')))
    with pytest.raises(TableError, match=words):
        write_top(stream, tmp_path / wrong.get('path', 'x.table'), wrong.get('top', 3))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize('name', ['top_scores.npy', 'top_columns.npy', 'rest.npy', 'ids.npy', 'table.json'])
def test_a_torn_folder_is_refused(tmp_path, name):
    twin(tmp_path / 'x.table', probabilities(0), 3)
    file = tmp_path / 'x.table' / name
    whole = file.read_bytes()
    for content in (whole[:-2], whole[:len(whole) // 2], whole + b' x', b'', None):
        file.unlink() if content is None else file.write_bytes(content)
        for read in (read_table, open_table):
            with pytest.raises(TableError, match='x.table'):
                read(tmp_path / 'x.table')


def test_damaged_numbers_are_refused(tmp_path):
    found, path = twin(tmp_path / 'x.table', probabilities(0), 3), tmp_path / 'x.table'
    columns = np.array(found.scores.columns)
    for row in ([0, 0, 1], [2, 1, 0], [0, 1, 9]):
        columns[5] = row
        np.save(path / 'top_columns.npy', columns)
        with pytest.raises(TableError, match=r'x\.table: `columns` must be ascending and below 9'):
            open_table(path).labels()
        with pytest.raises(TableError, match='columns'):
            read_table(path)
    about = json.loads((path / 'table.json').read_text())
    for change in (dict(top=0), dict(top=10), dict(top='3'), dict(top=True), dict(shape=[40]), dict(shape=None),
                   dict(shape=[40, 1 << 40]), dict(top=4), dict(version=3), dict(dtype='float64')):
        (path / 'table.json').write_text(json.dumps({**about, **change}))
        with pytest.raises(TableError, match='x.table'):
            open_table(path)


def test_memory_holds_blocks_and_never_the_whole(tmp_path):
    rows, classes = 6000, 2500  # 60 MB as an array
    row = probabilities(0, 50, classes)
    head = replace(table(row[:1]), ids=[f'{i}' for i in range(rows)], scores=placeholder(rows, classes, np.float32))
    stream = TableStream(head, lambda: (row for _ in range(rows // len(row))))
    tracemalloc.start()
    try:
        write_top(stream, tmp_path / 'x.table', 16)
        found = open_table(tmp_path / 'x.table')
        assert summary(found).nan == 0 and len(found.labels()) == rows and found.scores.min() == 0
        assert sum(map(len, ensemble_stream([found, replace(found)]).blocks())) == rows
        assert tracemalloc.get_traced_memory()[1] < 45e6
    finally:
        tracemalloc.stop()
