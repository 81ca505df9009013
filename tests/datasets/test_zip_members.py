"""Members of zip archives."""
import os
import pickle
import zipfile

import numpy as np
import pytest

from mmcomp.datasets import zip_members
from mmcomp.datasets.zip_members import ZipMembers
from mmcomp.errors import DataError


def written(path, contents, method=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, 'w', method) as archive:
        for name, data in contents.items():
            archive.writestr(name, data)
    return path


@pytest.fixture
def contents():
    rng = np.random.default_rng(0)
    return {f'{rng.integers(10**18)}-{i}.npy': rng.bytes(rng.integers(0, 3000)) for i in range(50)}


def test_what_zipfile_reads(tmp_path, contents):
    names = list(contents)
    one = written(tmp_path / 'a.zip', {name: contents[name] for name in names[:30]})
    two = written(tmp_path / 'b.zip', {name: contents[name] for name in names[30:]}, zipfile.ZIP_DEFLATED)
    members = pickle.loads(pickle.dumps(ZipMembers([one, two])))
    assert len(members) == 50 and names[0] in members and 'x' not in members and 'é' not in members
    assert all(members.read(name) == contents[name] for name in names)
    assert members.missing(['x', names[3], 'a longer name than any other there is.npy']) == [
        'x', 'a longer name than any other there is.npy']


def test_a_fork_opens_its_own(tmp_path, contents):
    members, name = ZipMembers([written(tmp_path / 'a.zip', contents)]), next(iter(contents))
    assert members.read(name) == contents[name]
    child = os.fork()
    if not child:
        own = members.read(name) == contents[name] and any(key[0] == os.getpid() for key in zip_members._HANDLES)
        os._exit(0 if own else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_many_archives_do_not_stay_open(tmp_path, monkeypatch):
    monkeypatch.setattr(zip_members, 'MAX_OPEN', 3)
    many = [ZipMembers([written(tmp_path / f'{i}.zip', {'x': str(i)})]) for i in range(8)]
    for _ in range(2):
        assert [int(members.read('x')) for members in many] == list(range(8))
    assert len(zip_members._HANDLES) <= 3


def test_a_file_written_anew_is_opened_anew(tmp_path):
    path = written(tmp_path / 'a.zip', dict(x='old'))
    assert ZipMembers([path]).read('x') == b'old'
    os.replace(written(tmp_path / 'b.zip', dict(x='new')), path)
    assert ZipMembers([path]).read('x') == b'new'


def test_faults(tmp_path, contents):
    path = written(tmp_path / 'a.zip', dict(x='12345'))
    with pytest.raises(DataError, match='no member y'):
        ZipMembers([path]).read('y')
    with pytest.raises(DataError, match='unique'):
        ZipMembers([path, written(tmp_path / 'b.zip', dict(x=''))])
    with pytest.raises(DataError, match='no such archive'):
        ZipMembers([tmp_path / 'c.zip'])
    (tmp_path / 'd.zip').write_bytes(path.read_bytes()[:-10])
    with pytest.raises(DataError, match='whole zip'):
        ZipMembers([tmp_path / 'd.zip'])
    (tmp_path / 'e.zip').write_bytes(path.read_bytes().replace(b'12345', b'12346', 1))
    with pytest.raises(DataError, match='damaged'):
        ZipMembers([tmp_path / 'e.zip']).read('x')
    with pytest.raises(DataError, match='compression'):
        ZipMembers([written(tmp_path / 'f.zip', dict(x='1'), zipfile.ZIP_BZIP2)])
