import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from mmcomp.checkpoints.loading import load_checkpoint
from mmcomp.checkpoints.tensor_files import CODES, open_tensors, write_tensors
from mmcomp.errors import CheckpointError

TENSORS = {'w': torch.randn(3, 5), 'n': torch.tensor(7), 'half': torch.randn(4).bfloat16(), 'empty': torch.zeros(0, 2),
           'mask': torch.tensor([True, False, True]), 'd': torch.randn(2).double()}


def write(path, tensors=None, tied=None, meta=None):
    tensors = TENSORS if tensors is None else tensors
    plan = {k: (v.dtype, v.shape) for k, v in tensors.items()}
    write_tensors(path, plan, tensors.__getitem__, tied or {}, meta or {})
    return path


def same(found, expected):
    return found.keys() == expected.keys() and all(torch.equal(found[k], t) and found[k].dtype == t.dtype
                                                   for k, t in expected.items())


def test_ours_and_the_library_read_each_other(tmp_path):
    assert same(load_file(write(tmp_path / 'ours.safetensors')), TENSORS)
    save_file(TENSORS, tmp_path / 'theirs.safetensors', {'format': 'pt'})
    assert same(open_tensors(tmp_path / 'theirs.safetensors')[0], TENSORS)
    every = {str(dtype): torch.zeros(3, dtype=dtype) for dtype in CODES}
    assert same(open_tensors(write(tmp_path / 'every.safetensors', every))[0], every)


def test_meta_and_tied_names_come_back(tmp_path):
    path = write(tmp_path / 'x.safetensors', tied={'w2': 'w'}, meta={'classes': ('a', 'ü'), 'set': {1}})
    tensors, meta = open_tensors(path)
    assert tensors['w2'].data_ptr() == tensors['w'].data_ptr() and meta == {'classes': ['a', 'ü'], 'set': [1]}
    assert load_checkpoint(path)['meta'] == meta


def test_unaligned_data_are_read(tmp_path):
    header = json.dumps({'b': {'dtype': 'U8', 'shape': [1], 'data_offsets': [0, 1]},
                         'w': {'dtype': 'F32', 'shape': [1], 'data_offsets': [1, 5]}}).encode()
    data = b'\x07' + torch.tensor([1.5]).numpy().tobytes()
    (tmp_path / 'x.safetensors').write_bytes(len(header).to_bytes(8, 'little') + header + data)
    tensors, _ = open_tensors(tmp_path / 'x.safetensors')
    assert tensors['w'].tolist() == [1.5] and tensors['b'].tolist() == [7]


def raw(header, data=b'\0' * 16, length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if length is None else length).to_bytes(8, 'little') + text + data


def entry(begin=0, end=16, dtype='F32', shape=(4, )):
    return {'dtype': dtype, 'shape': list(shape), 'data_offsets': [begin, end]}


HOSTILE = {
    'header of 2**63 bytes': raw({'w': entry()}, length=2**63),
    'header of 90 MB': raw({'w': entry()}, length=90_000_000),
    'no header': b'', 'half a length': b'\1\0', 'no JSON': raw(b'{"w": '), 'a list': raw([1]),
    'not UTF-8': raw(b'{"\xff": 1}'), 'overlap': raw({'a': entry(0, 16), 'b': entry(8, 24)}, b'\0' * 24),
    'the same bytes twice': raw({'a': entry(), 'b': entry()}), 'a gap': raw({'a': entry(8, 24)}, b'\0' * 24),
    'beyond the end': raw({'w': entry(0, 1 << 40, shape=[1 << 38])}), 'backwards': raw({'w': entry(16, 0)}),
    'negative': raw({'w': entry(-16, 0)}), 'another size': raw({'w': entry(shape=(5, ))}),
    'a shape that overflows': raw({'w': entry(shape=(2**32, 2**32))}),
    'negative shape': raw({'w': entry(shape=(-4, ))}),
    'unknown type': raw({'w': entry(dtype='F99')}), 'object type': raw({'w': entry(dtype='O')}),
    'bytes left over': raw({'w': entry()}, b'\0' * 17), 'deep': raw(b'[' * 100_000),
    'metadata of numbers': raw({'__metadata__': {'x': 1}, 'w': entry()}), 'no offsets': raw({'w': {'dtype': 'F32'}}),
    'a type torch lacks': raw({'w': entry(dtype='F4', shape=(32, ))}),
}


@pytest.mark.parametrize('name', HOSTILE)
@pytest.mark.parametrize('mmap', [True, False])
def test_hostile_headers_are_one_error(tmp_path, name, mmap):
    (tmp_path / 'x.safetensors').write_bytes(HOSTILE[name])
    with pytest.raises(CheckpointError, match='x.safetensors: '):
        load_checkpoint(tmp_path / 'x.safetensors', mmap=mmap)


def test_no_loop_of_tied_names(tmp_path):
    header = {'__metadata__': {'a': 'b', 'b': 'a', 'w': 'a', 'c': 'w'}, 'w': entry()}
    (tmp_path / 'x.safetensors').write_bytes(raw(header))
    assert set(open_tensors(tmp_path / 'x.safetensors')[0]) == {'w', 'c'}


def test_what_can_not_be_written_leaves_the_older_file(tmp_path):
    path = tmp_path / 'x.safetensors'
    path.write_bytes(b'older')
    with pytest.raises(CheckpointError, match='`w` is of type torch.complex128'):
        write(path, {'w': torch.zeros(2, dtype=torch.complex128)})
    with pytest.raises(ZeroDivisionError):
        write_tensors(path, {'w': (torch.float32, torch.Size([2]))}, lambda name: 1 / 0, {}, {})
    assert path.read_bytes() == b'older' and len(list(tmp_path.iterdir())) == 1
