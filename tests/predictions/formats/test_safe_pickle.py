import os
import pickle

import numpy as np
import pytest
import torch

from mmcomp.errors import TableError
from mmcomp.predictions.formats.safe_pickle import load_pickle


class Hostile:

    def __init__(self, function, *args):
        self.call = (function, args)

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize('protocol', [0, 2, 4, 5])
def test_numbers_texts_arrays_and_tensors_come_back(tmp_path, protocol):
    value = {'a': [np.arange(6.).reshape(2, 3), np.float32(2), np.array(['x', 'yy'])], 'b': (1, None, True, {2}),
             'c': torch.tensor([[1., 2.]]), 'd': np.array([1], np.float16)}
    (tmp_path / 'x.pkl').write_bytes(pickle.dumps(value, protocol))
    back = load_pickle(tmp_path / 'x.pkl')
    assert np.array_equal(back['a'][0], value['a'][0]) and back['a'][1] == 2 and list(back['a'][2]) == ['x', 'yy']
    assert back['b'] == value['b'] and torch.equal(back['c'], value['c']) and back['d'].dtype == np.float16


@pytest.mark.parametrize('function, args', [
    (os.system, ('touch {}',)), (eval, ("open('{}', 'w')",)), (getattr, ('', 'upper')), (os.mkdir, ('{}',)),
    (torch.load, ('{}',)), (np.save, ('{}', 1)),
])  # yapf: disable
def test_whatever_else_is_refused_by_name_before_it_runs(tmp_path, function, args):
    planted = tmp_path / 'planted'
    hostile = Hostile(function, *[str(a).format(planted) for a in args])
    (tmp_path / 'x.pkl').write_bytes(pickle.dumps([{'filename': 'a', 'scores': hostile}]))
    with pytest.raises(TableError, match=rf'refused.*{function.__name__}'):
        load_pickle(tmp_path / 'x.pkl')
    assert not list(tmp_path.glob('planted*'))


def test_a_hostile_tensor_storage_is_refused(tmp_path):
    torch.save(Hostile(os.mkdir, str(tmp_path / 'planted')), tmp_path / 'inner.pth')
    inner = (tmp_path / 'inner.pth').read_bytes()
    storage = Hostile(torch.storage._load_from_bytes, inner)
    (tmp_path / 'x.pkl').write_bytes(pickle.dumps(storage))
    with pytest.raises(TableError):
        load_pickle(tmp_path / 'x.pkl')
    assert not (tmp_path / 'planted').exists()


@pytest.mark.parametrize('content', [b'', b'\x80\x05', b'no pickle', pickle.dumps(list(range(1000)))[:-200]])
def test_a_torn_file_is_named(tmp_path, content):
    (tmp_path / 'x.pkl').write_bytes(content)
    with pytest.raises(TableError, match='x.pkl: not a whole pickle'):
        load_pickle(tmp_path / 'x.pkl')
    with pytest.raises(TableError, match='no such file'):
        load_pickle(tmp_path / 'y.pkl')
