"""Every reader of tables meets broken and hostile files: one clear error each, nothing run, nothing written."""
import json
import os
import pickle
import resource
import shutil
import struct
import zipfile
from pathlib import Path

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

from mmcomp.errors import MMCompError, TableError
from mmcomp.predictions.formats import npz_table, parquet_table
from mmcomp.predictions.formats.headers import open_table, read_header
from mmcomp.predictions.tables import SUFFIXES, read_table, write_table
from mmcomp.structures import PredictionTable

EXAMPLES = int(os.environ.get('MMCOMP_FUZZED_TABLES', '100'))
READERS = (read_table, open_table, read_header)
settings = hypothesis.settings(max_examples=EXAMPLES, deadline=None, database=None, derandomize=EXAMPLES <= 100,
                               suppress_health_check=list(hypothesis.HealthCheck))


@pytest.fixture(autouse=True, scope='module')
def _unflushed():
    """Thousands of small files need not survive a power cut."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, 'fsync', lambda descriptor: None)
        yield


def small(rows=12, columns=5, dtype=np.float32):
    scores = np.random.default_rng(0).dirichlet(np.ones(columns), rows).astype(dtype)
    return PredictionTable([f'd/{i}.jpg' for i in range(rows)], scores, 'probability',
                           tuple(f'c{i}' for i in range(columns)), {'val_score': .5})


def read_all(path) -> list[str]:
    """What each reader says, which is one error at most."""
    said = []
    for read in READERS:
        try:
            table = read(path)
            if isinstance(table, PredictionTable):
                table.check()
        except MMCompError as error:
            said.append(str(error))
    return said


def copy_with(path: Path, target: Path, content: bytes, file: str = '') -> Path:
    """``path`` with the content of it, or of a file in it, replaced."""
    shutil.rmtree(target, ignore_errors=True)
    if path.is_dir():
        shutil.copytree(path, target)
        (target / file).write_bytes(content)
    else:
        target.write_bytes(content)
    return target


@pytest.mark.parametrize('name', ['x.pkl', 'x.npz', 'x.parquet', 'x.table/scores.npy', 'x.table/ids.npy',
                                  'x.table/table.json', 'old.pkl'])
def test_cut_off_at_every_hundredth(tmp_path, name):
    table, path = small(40, 20), tmp_path / Path(name).parts[0]
    if name == 'old.pkl':
        path.write_bytes(pickle.dumps([dict(filename=i, scores=s) for i, s in zip(table.ids, table.scores)], 2))
    else:
        write_table(table, path)
    assert read_all(path) == []
    whole = (tmp_path / name).read_bytes()
    for length in sorted({len(whole) * i // 100 for i in range(100)}):
        torn = copy_with(path, tmp_path / f'torn{path.suffix}', whole[:length], Path(name).name)
        for read in (read_table, open_table):
            with pytest.raises(TableError, match='torn'):
                read(torn)


def test_a_cut_csv_is_refused_or_lacks_whole_rows(tmp_path):
    table = small(40, 20)
    write_table(table, tmp_path / 'x.csv')
    whole, refused = (tmp_path / 'x.csv').read_bytes(), 0
    for i in range(100):
        (tmp_path / 'torn.csv').write_bytes(whole[:len(whole) * i // 100])
        try:
            found = read_table(tmp_path / 'torn.csv')
        except TableError:
            refused += 1
        else:
            np.testing.assert_array_equal(found.scores[:-1], table.scores[:len(found) - 1])
    assert refused > 90


class Call:

    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize('place', ['ids', 'scores', 'kind', 'classes', 'origin', 'format'])
def test_pickles_that_call_the_system(tmp_path, place):
    content = dict(format='mmcomp.table', version=1, ids=['a'], scores=np.ones((1, 1), np.float32), kind='probability')
    content[place] = Call(os.system, f'touch {tmp_path}/planted')
    for protocol in range(6):
        (tmp_path / 'x.pkl').write_bytes(pickle.dumps(content, protocol))
        assert all('refused' in words for words in read_all(tmp_path / 'x.pkl')) and read_all(tmp_path / 'x.pkl')
    assert os.listdir(tmp_path) == ['x.pkl']


OBJECTS = np.array([[Call(os.system, 'touch planted'), 1.]], dtype=object)


def test_arrays_of_objects(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_table(small(), tmp_path / 'x.table')
    np.save(tmp_path / 'x.table/scores.npy', OBJECTS, allow_pickle=True)
    np.savez(tmp_path / 'x.npz', ids=np.array(['a']), scores=OBJECTS)
    plain = np.array([[1., 'a']], dtype=object)
    (tmp_path / 'x.pkl').write_bytes(pickle.dumps(dict(format='mmcomp.table', version=1, ids=['a'], scores=plain,
                                                       kind='value')))
    for name in ('x.table', 'x.npz', 'x.pkl'):
        with pytest.raises(TableError):
            read_table(tmp_path / name)
    assert sorted(os.listdir()) == ['x.npz', 'x.pkl', 'x.table']


def test_what_a_table_is_not(tmp_path):
    scores = np.float32([[.5, .5], [.2, .8]])
    good = dict(format='mmcomp.table', version=1, ids=['a', 'b'], scores=scores, kind='probability')
    wrong = dict(ids=[[1, 2], ['a', 'a'], ['a'], None, 5, [['a'], 'b'], np.zeros(2), {'a': 1}, np.array([['a', 'b']])],
                 scores=[scores[0], scores.astype(int), scores > 0, [[1., 0], [0, 1.]], None, scores.astype('c8'),
                         np.zeros((2, 0), np.float32), np.zeros((2, 2), 'V4'), 'x', np.longdouble(scores)],
                 kind=['odds', None, 3, ['probability']], classes=[['x'], ['x', 'x'], [1, 2], 5, 'xy', {'x': 1}],
                 origin=[3, ['a'], 'x'], version=[2, None, '1', 1.5, [1]])
    for key, values in wrong.items():
        for value in values:
            (tmp_path / 'x.pkl').write_bytes(pickle.dumps({**good, key: value}))
            with pytest.raises(TableError, match='x.pkl'):
                read_table(tmp_path / 'x.pkl')
            assert len(read_all(tmp_path / 'x.pkl')) == len(READERS)
    for rows in ([('a', 'x', OBJECTS[0, 1:])], [('a', 'x', 'text')], {'a': np.array(['x'])}, [(1, 'x', scores[0])],
                 [('a', 'x', [[1], [2, 3]])], [('a', 'x', None)]):
        (tmp_path / 'x.pkl').write_bytes(pickle.dumps(rows))
        with pytest.raises(TableError, match='x.pkl'):
            read_table(tmp_path / 'x.pkl')


def npy(shape, dtype='<f4', content=b'') -> bytes:
    header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + '\n'
    return b'\x93NUMPY\x01\x00' + struct.pack('<H', len(header)) + header.encode() + content


@pytest.fixture
def little_memory():
    """No reader needs more than two gigabytes beyond what the tests have."""
    with open('/proc/self/statm') as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + (2 << 30), before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


def test_headers_that_claim_a_terabyte(tmp_path, little_memory):
    write_table(small(), tmp_path / 'x.table')
    huge = npy((1 << 20, 1 << 18))
    (tmp_path / 'x.table/scores.npy').write_bytes(huge)
    assert all('not a whole array' in words for words in read_all(tmp_path / 'x.table'))
    for ids in (npy((1 << 40,), '<U1'), npy((12,), '<U1000000000'), npy((-12,), '<U4'), npy((12, 1), '<U1'),
                npy((), '<U4')):
        copy_with(tmp_path / 'x.table', tmp_path / 'y.table', ids, 'ids.npy')
        assert len(read_all(tmp_path / 'y.table')) == len(READERS)
    with zipfile.ZipFile(tmp_path / 'x.npz', 'w') as archive:
        archive.writestr('scores.npy', huge)
        archive.writestr('ids.npy', npy((1 << 20,), '<U4'))
    assert 'not a whole array' in read_all(tmp_path / 'x.npz')[0]


def test_archives_that_swell(tmp_path, monkeypatch):
    monkeypatch.setattr(npz_table, 'ALWAYS', 1 << 20)
    rows, columns = 1 << 10, 1 << 12
    np.savez_compressed(tmp_path / 'x.npz', scores=np.zeros((rows, columns), np.float32),
                        ids=np.arange(rows).astype('U'))
    with pytest.raises(TableError, match='bytes in .*If you trust'):
        read_table(tmp_path / 'x.npz')


def test_parquet_that_swells(tmp_path, monkeypatch):
    pa, parquet = pytest.importorskip('pyarrow'), pytest.importorskip('pyarrow.parquet')
    monkeypatch.setattr(parquet_table, 'ALWAYS', 1 << 20)
    columns = {f'c{i}': pa.array(np.zeros(1 << 16, np.float32)) for i in range(20)}
    ids = pa.array(['a'] * (1 << 16))
    parquet.write_table(pa.table({'id': ids, **columns}), tmp_path / 'x.parquet', compression='zstd')
    with pytest.raises(TableError, match='bytes in .*If you trust'):
        read_table(tmp_path / 'x.parquet')


GREEDY = {
    'a list of a range': b'cbuiltins\nlist\n(cbuiltins\nrange\n(I10000000000\ntRtR.',
    'bytes of a number': b'cbuiltins\nbytes\n(L10000000000L\ntR.',
    'a bytearray of a number': b'cbuiltins\nbytearray\n(L10000000000L\ntR.',
    'a memo of 2^31 places': b']r\xff\xff\xff\x7f.',
    'a memo of many places, in digits': b']p4000000000\n.',
    'a frame of a petabyte': b'\x80\x04\x95' + struct.pack('<Q', 1 << 50) + b'].',
    'bytes of a petabyte': b'\x80\x04\x8e' + struct.pack('<Q', 1 << 50) + b'x.',
    'a bytearray of a petabyte': b'\x80\x05\x96' + struct.pack('<Q', 1 << 50) + b'x.',
    'an array made by hand': b'cnumpy\nndarray\n((I100000\nI100000\nttR.',
    'an array of a wide type': b'cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\n(VV2000000000\nI0\nI1\ntRtR.',
    'an array of objects that are not there': pickle.dumps(np.array([[None]]), 2).replace(
        b'K\x01K\x01', b'J\xff\xff\xff\x7fK\x01'),
    'a long row, repeated': pickle.dumps(
        {f'{i}': row for row in [np.zeros(1 << 16, np.float32)] for i in range(1 << 15)}),
}


@pytest.mark.parametrize('name', GREEDY)
def test_pickles_that_want_all_memory(tmp_path, name, little_memory):
    (tmp_path / 'x.pkl').write_bytes(GREEDY[name])
    with pytest.raises(TableError, match='x.pkl'):
        read_table(tmp_path / 'x.pkl')
    content = GREEDY[name]
    (tmp_path / 'x.pkl').write_bytes(b'(dVformat\nVmmcomp.table\nsVx\n' + content.removesuffix(b'.') + b's.')
    with pytest.raises(TableError, match='x.pkl'):
        open_table(tmp_path / 'x.pkl')


@pytest.mark.parametrize('manifest', [
    b'', b'[]', b'{}', b'[' * 100_000, b'\xff\xfe', b'{"format": "mmcomp.table", "version": "1"}',
    b'{"format": "mmcomp.table", "version": 99}', b'{"format": "mmcomp.table", "version": 1}'])
def test_manifests(tmp_path, manifest):
    write_table(small(), tmp_path / 'x.table')
    (tmp_path / 'x.table/table.json').write_bytes(manifest)
    assert len(read_all(tmp_path / 'x.table')) == len(READERS)


@pytest.mark.parametrize(('key', 'value'), [
    ('kind', 'odds'), ('kind', None), ('classes', [1, 2, 3, 4, 5]), ('classes', ['a'] * 5), ('classes', ['a']),
    ('classes', 'abcde'), ('origin', 3), ('shape', [12, 6]), ('shape', None), ('dtype', 'float64'), ('dtype', 5)])
def test_manifests_that_do_not_fit(tmp_path, key, value):
    write_table(small(), tmp_path / 'x.table')
    path = tmp_path / 'x.table/table.json'
    path.write_text(json.dumps({**json.loads(path.read_text()), key: value}))
    assert len(read_all(tmp_path / 'x.table')) == len(READERS)


def test_nothing_of_others_is_overwritten(tmp_path):
    (tmp_path / 'mine.table').mkdir()
    (tmp_path / 'mine.table/notes.txt').write_text('keep')
    (tmp_path / 'folder.pkl').mkdir()
    for name in ('mine.table', 'folder.pkl'):
        with pytest.raises(TableError, match='nothing was overwritten'):
            write_table(small(), tmp_path / name)
    write_table(small(), tmp_path / 'x.table')
    bad = small()
    bad.origin['thing'] = object()
    with pytest.raises(TableError, match='origin'):
        write_table(bad, tmp_path / 'x.table')
    assert len(read_table(tmp_path / 'x.table')) == 12
    assert sorted(os.listdir(tmp_path)) == ['folder.pkl', 'mine.table', 'x.table']


texts = st.text(st.characters(exclude_categories=('Cs',), exclude_characters='\0'), max_size=12)


@st.composite
def tables(draw):
    rows, columns = draw(st.integers(0, 6)), draw(st.integers(1, 6))
    ids = draw(st.lists(texts, min_size=rows, max_size=rows, unique=True))
    classes = draw(st.none() | st.lists(texts, min_size=columns, max_size=columns, unique=True))
    dtype = draw(st.sampled_from(['float16', 'float32', 'float64']))
    numbers = st.floats(width=int(dtype[5:]), allow_nan=True)
    scores = draw(st.lists(numbers, min_size=rows * columns, max_size=rows * columns))
    return PredictionTable(np.array(ids, dtype=str), np.array(scores, dtype).reshape(rows, columns),
                           draw(st.sampled_from(['probability', 'logit', 'value', 'embedding'])), classes,
                           draw(st.dictionaries(texts.filter('file'.__ne__), st.integers() | texts, max_size=3)))


@settings
@hypothesis.given(table=tables(), suffix=st.sampled_from(SUFFIXES))
def test_any_table_comes_back(tmp_path_factory, table, suffix):
    path = tmp_path_factory.getbasetemp() / f'fuzzed{suffix}'
    try:
        write_table(table, path)
        back = read_table(path)
    except TableError as error:
        assert suffix == '.csv', error  # whose headers and rows may look like something else
        return
    assert back.ids.tolist() == table.ids.tolist() and back.scores.shape == table.scores.shape
    with np.errstate(over='ignore'):
        np.testing.assert_array_equal(back.scores, table.scores.astype(back.scores.dtype))
    if suffix != '.csv':
        assert (back.kind, back.classes, back.scores.dtype) == (table.kind, table.classes, table.scores.dtype)
        assert {k: v for k, v in back.origin.items() if k != 'file'} == table.origin
        assert tuple(read_header(path).get('shape', table.scores.shape)) == table.scores.shape


@pytest.fixture(scope='module')
def seeds(tmp_path_factory):
    folder = tmp_path_factory.mktemp('seeds')
    table = small()
    for suffix in SUFFIXES:
        write_table(table, folder / f'x{suffix}')
    for protocol in (0, 2, 4):
        (folder / f'old{protocol}.pkl').write_bytes(pickle.dumps(
            [(str(i), 'c0', s) for i, s in zip(table.ids, table.scores)], protocol))
    return folder


@settings
@hypothesis.given(data=st.data())
def test_damaged_files_are_read_or_refused(seeds, data):
    """Bytes changed, removed, doubled anywhere: a table or one clear error, and the folder as it was."""
    path = data.draw(st.sampled_from(sorted(p for p in seeds.iterdir() if not p.name.startswith('hurt'))))
    file = data.draw(st.sampled_from(sorted(path.iterdir()))) if path.is_dir() else path
    content = bytearray(file.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        at, many = data.draw(st.integers(0, max(0, len(content) - 1))), data.draw(st.integers(0, 8))
        new = data.draw(st.binary(max_size=8) | st.just(bytes(content[at:at + 64])))
        content[at:at + many] = new
    hurt = copy_with(path, seeds / f'hurt{path.suffix}', bytes(content), file.name)
    before = sorted(os.listdir(seeds))
    read_all(hurt)
    assert sorted(os.listdir(seeds)) == before


@settings
@hypothesis.given(content=st.binary(max_size=300), suffix=st.sampled_from(['.pkl', '.npz', '.csv', '.parquet']),
                  start=st.sampled_from([b'', b'\x80\x05', b'PK\x03\x04', b'PAR1', b'\x93NUMPY\x01\x00', b'id,a\n']))
def test_noise_is_refused(tmp_path_factory, content, suffix, start):
    path = tmp_path_factory.getbasetemp() / f'noise{suffix}'
    path.write_bytes(start + content)
    read_all(path)
