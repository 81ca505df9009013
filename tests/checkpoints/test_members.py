import pytest
import torch

from mmcomp.checkpoints.members import open_members, weights_of
from mmcomp.checkpoints.soup import write_state
from mmcomp.errors import CheckpointError


def state(value=1.):
    return {'backbone.conv.weight': torch.full((2, 2), value), 'head.fc.bias': torch.zeros(3)}


def save(path, content):
    torch.save(content, path)
    return path


def prefixed(prefix, tensors):
    return {prefix + name: tensor for name, tensor in tensors.items()}


@pytest.mark.parametrize('wrapped', [
    prefixed('module.', state()), prefixed('_orig_mod.', state()), prefixed('module._orig_mod.', state()),
    prefixed('_orig_mod.module.', state()), {'state_dict': prefixed('model.', state())},
    {'model': state()},
    {'backbone._orig_mod.conv.weight': torch.ones(2, 2), 'head.fc.bias': torch.zeros(3)},
], ids=['ddp', 'compiled', 'both', 'both, other way', 'lightning', 'under model', 'a part compiled'])
def test_wrappers_leave_the_same_names(tmp_path, wrapped):
    bare = save(tmp_path / 'bare.pth', {'state_dict': state()})
    odd = save(tmp_path / 'odd.pth', wrapped)
    for order in ([bare, odd], [odd, bare]):
        assert all(set(member.tensors) == set(state()) for member in open_members(order))


def test_a_prefix_that_all_have_stays(tmp_path):
    files = [save(tmp_path / f'{n}.pth', prefixed('model.', state())) for n in range(2)]
    assert all(name.startswith('model.') for name in open_members(files)[0].tensors)


def test_one_name_twice_is_told(tmp_path):
    path = save(tmp_path / 'x.pth', {**state(), **prefixed('module.', state())})
    with pytest.raises(CheckpointError, match='x.pth: module.backbone.conv.weight.* both in it'):
        open_members([path])


@pytest.mark.parametrize(('other', 'said'), [
    ({'backbone.conv.weights': torch.ones(2, 2), 'head.fc.bias': torch.zeros(3)},
     r'lacks backbone.conv.weight and has backbone.conv.weights. Did you mean `backbone.conv.weights`'),
    ({**state(), 'head.fc.bias': torch.zeros(4)}, r'`head.fc.bias` must be of shape \(3,\) as in .*a.pth; got \(4,\)'),
    ({**state(), 'head.fc.bias': torch.zeros(3, dtype=torch.long)}, '`head.fc.bias` must be of a type like'),
    ({**state(), 'head.fc.bias': torch.zeros(3).to_sparse()}, '`head.fc.bias` must be a dense tensor'),
])
def test_what_does_not_fit_is_named(tmp_path, other, said):
    first, second = save(tmp_path / 'a.pth', state()), save(tmp_path / 'b.pth', other)
    with pytest.raises(CheckpointError, match=f'b.pth: .*{said}'):
        open_members([first, second])


def test_another_order_of_classes_is_told(tmp_path):
    for name, classes in (('a', ('cat', 'dog')), ('b', ('dog', 'cat'))):
        save(tmp_path / f'{name}.pth', {'state_dict': state(), 'meta': {'dataset_meta': {'classes': classes}}})
    with pytest.raises(CheckpointError, match=r'`classes` must be those of .*differ from number 0.*cat.*dog'):
        open_members([tmp_path / 'a.pth', tmp_path / 'b.pth'])


def test_both_kinds_of_weights():
    mmengine = {'state_dict': state(2.), 'message_hub': {},
                'ema_state_dict': {**prefixed('module.', state(1.)), 'steps': torch.tensor(3)}}
    timm = {'state_dict': state(1.), 'state_dict_ema': state(2.)}
    for checkpoint in (mmengine, timm):
        for which, value in (('ema', 2.), ('raw', 1.), ('saved', 2. if checkpoint is mmengine else 1.)):
            found = weights_of(checkpoint, which, 'x')
            assert set(found) == set(state()) and found['backbone.conv.weight'][0, 0] == value
    with pytest.raises(CheckpointError, match='no `ema_state_dict`.*no averaged weights'):
        weights_of({'state_dict': state()}, 'ema', 'x')


def test_a_digest_is_of_the_tensors_alone(tmp_path):
    files = [save(tmp_path / 'a.pth', {'state_dict': state(), 'optimizer': {'lr': 1.}}),
             save(tmp_path / 'b.pth', prefixed('module.', state())), save(tmp_path / 'c.pth', state(1.5))]
    write_state(state(), {'x': 1}, tmp_path / 'd.safetensors')
    a, b, c, d = [member.digest for member in open_members([*files, tmp_path / 'd.safetensors'])]
    assert a == b == d != c


def test_a_tensor_larger_than_its_file_is_refused(tmp_path):
    huge = torch.ones(1).expand(2**40)
    path = save(tmp_path / 'x.pth', {'a': huge})
    assert path.stat().st_size < 10_000
    with pytest.raises(CheckpointError, match='x.pth: refused, its tensors claim 4,398,046,511,104 bytes'):
        open_members([path])


def test_no_members():
    with pytest.raises(CheckpointError, match='no checkpoints given'):
        open_members([])
