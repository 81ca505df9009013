import pickle

import numpy as np
import pytest

from mmcomp.errors import TableError
from mmcomp.predictions.tables import SUFFIXES, read_table, write_table
from mmcomp.structures import PredictionTable


@pytest.fixture
def logits(tmp_path):
    scores = np.random.default_rng(0).normal(size=(50, 7)).astype(np.float32)
    table = PredictionTable([f'{i}.jpg' for i in range(50)], scores, 'logit', tuple('abcdefg'), {'val_score': .5})
    write_table(table, tmp_path / 'logits.pkl')
    return table


def test_info(tool, logits, tmp_path, capsys):
    logits.scores[3, 2] = np.nan
    logits.scores[4, 0] = 99
    write_table(logits, tmp_path / 'x.npz')
    tool('table').main(['info', str(tmp_path / 'x.npz'), str(tmp_path / 'logits.pkl')])
    said = ' '.join(capsys.readouterr().out.split())
    for words in ('npz', 'samples 50: 0.jpg', 'classes 7: a, b, c, d and 3 more', 'kind logit', 'type float32',
                  'NaN, infinite 1, 0', '… 99,', 'origin val_score 0.5', 'NaN, infinite 0, 0'):
        assert words in said, words


@pytest.mark.parametrize('suffix', SUFFIXES)
def test_convert_any_to_any_and_back(tool, logits, tmp_path, suffix):
    main, there, back = tool('table').main, str(tmp_path / f'x{suffix}'), str(tmp_path / 'back.pkl')
    main(['convert', str(tmp_path / 'logits.pkl'), there])
    main(['convert', there, back, *(['--kind', 'logit'] if suffix == '.csv' else [])])
    table = read_table(back)
    assert table.classes == logits.classes and (table.ids == logits.ids).all() and table.kind == 'logit'
    np.testing.assert_array_equal(table.scores, logits.scores)
    assert suffix == '.csv' or table.origin['val_score'] == .5
    assert main(['diff', there, back]) == (1 if suffix == '.csv' else 0)


def test_convert_kinds_and_types(tool, logits, tmp_path, capsys):
    main, out = tool('table').main, str(tmp_path / 'p.table')
    main(['convert', str(tmp_path / 'logits.pkl'), out, '--kind', 'probability', '--dtype', 'float16'])
    table = read_table(out).check()
    expected = np.exp(logits.scores) / np.exp(logits.scores).sum(axis=1, keepdims=True)
    assert table.kind == 'probability' and table.scores.dtype == np.float16
    np.testing.assert_allclose(table.scores, expected, atol=1e-3)
    assert 'kind probability, float16: wrote' in capsys.readouterr().out
    main(['convert', out, str(tmp_path / 'back.pkl'), '--kind', 'logit'])
    np.testing.assert_allclose(read_table(tmp_path / 'back.pkl').scores, np.log(expected), atol=2e-2)
    write_table(PredictionTable(['a'], np.float32([[1e6, 0]]), 'value'), tmp_path / 'large.pkl')
    for options, words in ((['--dtype', 'float16'], 'leave the range of float16'),
                           (['--kind', 'probability'], 'a probability row.*: a')):
        with pytest.raises(TableError, match=words):
            main(['convert', str(tmp_path / 'large.pkl'), str(tmp_path / 'no.pkl'), *options])
    with pytest.raises(TableError, match='suffix'):
        main(['convert', out, str(tmp_path / 'no.txt')])
    assert not (tmp_path / 'no.pkl').exists()


def test_join_folds(tool, logits, tmp_path):
    main, order = tool('table').main, np.random.default_rng(1).permutation(7)
    names = [str(tmp_path / n) for n in ('fold0.pkl', 'fold1.table', 'out.table')]
    write_table(logits.take(np.arange(20)), names[0])
    other = logits.take(np.arange(20, 50))
    write_table(PredictionTable(other.ids, other.scores[:, order], 'logit', np.array(other.classes)[order]), names[1])
    main(['join', *names[:2], '--out', names[2]])
    joined = read_table(names[2])
    assert (joined.ids == logits.ids).all() and joined.classes == logits.classes
    np.testing.assert_array_equal(joined.scores, logits.scores)


def test_join_names_samples_that_are_in_two(tool, logits, tmp_path):
    main, names = tool('table').main, [str(tmp_path / n) for n in ('a.pkl', 'b.pkl', 'out.pkl')]
    write_table(logits.take(np.arange(20)), names[0])
    write_table(logits.take(np.arange(19, 50)), names[1])
    with pytest.raises(TableError, match='b.pkl: 1 of its .* in .*a.pkl too.*same scores: 19.jpg.*--keep-equal'):
        main(['join', *names[:2], '--out', names[2]])
    main(['join', *names[:2], '--out', names[2], '--keep-equal'])
    np.testing.assert_array_equal(read_table(names[2]).scores, logits.scores)
    changed = logits.take(np.arange(19, 50))
    changed.scores[0, 0] += 1
    write_table(changed, names[1])
    with pytest.raises(TableError, match='with other scores: 19.jpg'):
        main(['join', *names[:2], '--out', names[2], '--keep-equal'])


def test_diff(tool, logits, tmp_path, capsys):
    main, here, there = tool('table').main, str(tmp_path / 'logits.pkl'), str(tmp_path / 'there.pkl')
    order = np.random.default_rng(2).permutation(50)
    write_table(logits.take(order), there)
    assert main(['diff', here, there]) == 0 and 'the same, in another order' in capsys.readouterr().out
    changed = logits.take(order[1:])
    row = list(changed.ids).index(str(logits.ids[order[5]]))
    changed.scores[row] = -changed.scores[row]
    changed.scores[row, 2] += 100
    write_table(PredictionTable([*changed.ids[1:], 'new'], changed.scores, 'value', tuple('abcdefX')), there)
    assert main(['diff', here, there]) == 1
    said = ' '.join(capsys.readouterr().out.split())
    for words in ('kind logit and value', '2: ', '1: new', '1: g', '1: X', 'greatest difference', 'class', 'different'):
        assert words in said, words
    close = PredictionTable(logits.ids, logits.scores + np.float32(1e-4), 'logit', logits.classes)
    write_table(close, there)
    assert main(['diff', here, there]) == 1 and main(['diff', here, there, '--tolerance', '1e-3']) == 0


def test_a_foreign_archive_and_a_missing_file(tool, tmp_path):
    np.savez_compressed(tmp_path / 'x.npz', logits=np.ones((2, 3), np.float32), names=np.array(['a', 'b']))
    tool('table').main(['convert', str(tmp_path / 'x.npz'), str(tmp_path / 'x.pkl')])
    plain = pickle.loads((tmp_path / 'x.pkl').read_bytes())
    assert plain['kind'] == 'logit' and plain['ids'].tolist() == ['a', 'b']
    with pytest.raises(TableError, match='y.pkl: no such file.*Did you mean `x.pkl`'):
        tool('table').main(['info', str(tmp_path / 'y.pkl')])
