import os
import re
import resource
import zipfile

import numpy as np
import pytest
import torch
from mmengine.logging import MessageHub
from mmengine.optim import OneCycleLR
from mmengine.optim.scheduler.param_scheduler import OneCycleParamScheduler
from safetensors.torch import save_file

from mmcomp.checkpoints.loading import load_checkpoint, renamed, state_dict_of
from mmcomp.errors import CheckpointError


class Hostile:

    def __init__(self, function, *args):
        self.call = (function, args)

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize('mmap', [False, True])
@pytest.mark.parametrize('zipped', [False, True])
def test_a_runner_file_loads_with_its_history(tmp_path, zipped, mmap):
    hub = MessageHub(f'test_loading_{zipped}_{mmap}')
    hub.update_scalar('train/loss', 1.)
    hub.update_scalar('train/loss', 2.)
    state = {'a': torch.arange(3.), 'n': torch.tensor(4)}
    torch.save({'state_dict': state, 'message_hub': hub.state_dict(), 'meta': {'x': np.float64(3)}},
               tmp_path / 'x.pth', _use_new_zipfile_serialization=zipped)
    loaded = load_checkpoint(tmp_path / 'x.pth', mmap=mmap)
    assert torch.equal(loaded['state_dict']['a'], state['a']) and loaded['meta']['x'] == 3
    history = loaded['message_hub']['log_scalars']['train/loss']
    assert history.mean() == 1.5 and history.max_length == 1000000
    MessageHub('test_loading_again').load_state_dict(loaded['message_hub'])


@pytest.mark.parametrize('zipped', [False, True])
@pytest.mark.parametrize('function, args', [(os.system, ('touch {}',)), (getattr, ('', 'upper')), (os.mkdir, ('{}',)),
                                            (eval, ("open('{}', 'w')",))])
def test_a_hostile_file_is_refused_and_nothing_runs(tmp_path, function, args, zipped):
    hostile = Hostile(function, *[a.format(tmp_path / 'planted') for a in args])
    torch.save({'state_dict': {'a': torch.zeros(1)}, 'meta': hostile}, tmp_path / 'x.pth',
               _use_new_zipfile_serialization=zipped)
    with pytest.raises(CheckpointError, match=rf'x.pth: refused.*{function.__name__}.*Nothing was run'):
        load_checkpoint(tmp_path / 'x.pth')
    assert not (tmp_path / 'planted').exists()


@pytest.mark.parametrize('curve', ['cos', 'linear'])
def test_a_one_cycle_schedule_goes_on_from_its_file(tmp_path, curve):
    def schedule():
        sgd = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=.1)
        return OneCycleLR(sgd, eta_max=1., total_steps=20, anneal_strategy=curve, by_epoch=False)

    whole, cut = schedule(), schedule()
    for _ in range(7):
        whole.step(), cut.step()
    torch.save(dict(state_dict={'a': torch.zeros(1)}, param_schedulers=[cut.state_dict()]), tmp_path / 'x.pth')
    resumed = schedule()
    resumed.load_state_dict(load_checkpoint(tmp_path / 'x.pth')['param_schedulers'][0])
    for _ in range(5):
        whole.step(), resumed.step()
        assert whole.get_last_value() == resumed.get_last_value()


def test_of_the_one_cycle_schedule_nothing_but_its_curves_is_reached(tmp_path):
    hostile = Hostile(getattr, OneCycleParamScheduler, 'build_iter_from_epoch')
    torch.save({'state_dict': {'a': torch.zeros(1)}, 'meta': hostile}, tmp_path / 'x.pth')
    with pytest.raises(CheckpointError, match='refused: the file calls `getattr`'):
        load_checkpoint(tmp_path / 'x.pth')


def test_torn_and_missing_files_are_named(tmp_path):
    torch.save({'state_dict': {'a': torch.zeros(1000)}}, tmp_path / 'x.pth')
    content = (tmp_path / 'x.pth').read_bytes()
    for torn in (b'', content[:len(content) // 2], b'<html>'):
        (tmp_path / 'torn.pth').write_bytes(torn)
        with pytest.raises(CheckpointError, match='torn.pth: not a whole checkpoint'):
            load_checkpoint(tmp_path / 'torn.pth')
    with pytest.raises(CheckpointError, match='no such checkpoint'):
        load_checkpoint(tmp_path / 'no.pth')
    assert zipfile.is_zipfile(tmp_path / 'x.pth')


def test_state_dicts_lose_wrapper_prefixes_and_get_todays_names():
    tensor = torch.zeros(2)
    for wrapped in ({'state_dict': {'module.a': tensor}}, {'model': {'_orig_mod.a': tensor}}, {'a': tensor}):
        assert list(state_dict_of(wrapped)) == ['a']
    with pytest.raises(CheckpointError, match='no model weights in it; it holds epoch'):
        state_dict_of({'epoch': 3})
    old = {'head.norm_linear.weight': tensor, 'head.margins': tensor, 'backbone.a': tensor}
    assert list(renamed(old)) == ['head.norm_product.weight', 'backbone.a']


# ---------------------------------------------------------------- torn and swollen files


@pytest.fixture()
def whole(tmp_path):
    """The bytes of a file of each kind."""
    state = {'state_dict': {'a': torch.arange(3000.), 'b': torch.arange(500)}, 'meta': {'epoch': 1}}
    torch.save(state, tmp_path / 'zip.pth')
    torch.save(state, tmp_path / 'legacy.pth', _use_new_zipfile_serialization=False)
    save_file(state['state_dict'], tmp_path / 'x.safetensors')
    return {path.name: path.read_bytes() for path in sorted(tmp_path.iterdir())}


def test_a_cut_at_every_hundredth_is_one_error(tmp_path, whole):
    for name, content in whole.items():
        for percent in range(100):
            (tmp_path / name).write_bytes(content[:len(content) * percent // 100])
            with pytest.raises(CheckpointError, match=f'{name}: not a whole checkpoint file'):
                load_checkpoint(tmp_path / name, mmap=bool(percent % 2))
        (tmp_path / name).write_bytes(content)
        assert load_checkpoint(tmp_path / name)['state_dict']['b'].sum() == 499 * 250


def test_flipped_bytes_load_or_are_one_error(tmp_path, whole):
    """A changed byte may make another number; it never makes another exception."""
    rng = np.random.default_rng(0)
    for name, content in whole.items():
        for _ in range(60):
            spoilt = bytearray(content)
            for at in rng.integers(0, len(content), 8):
                spoilt[at] = rng.integers(256)
            (tmp_path / name).write_bytes(spoilt)
            try:
                load_checkpoint(tmp_path / name)
            except CheckpointError:
                pass


def rezipped(path, **changes):
    """A checkpoint packed again."""
    with zipfile.ZipFile(path) as old:
        records = {name: old.read(name) for name in old.namelist()}
    with zipfile.ZipFile(path, 'w', **changes) as new:
        for name, content in records.items():
            new.writestr(name, content)


def test_a_zip_bomb_is_refused_before_it_unfolds(tmp_path):
    """100 MB of zeros in a tenth of a megabyte."""
    torch.save({'a': torch.zeros(25_000_000)}, tmp_path / 'x.pth')
    rezipped(tmp_path / 'x.pth', compression=zipfile.ZIP_DEFLATED, compresslevel=9)
    assert (tmp_path / 'x.pth').stat().st_size < 200_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for mmap in (False, True):
        with pytest.raises(CheckpointError, match=r'x.pth: refused: .*is compressed.*Nothing was run'):
            load_checkpoint(tmp_path / 'x.pth', mmap=mmap)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # kB


@pytest.mark.parametrize('size', [10**6, 2**31, 2**40])
def test_records_that_claim_more_than_the_file_are_refused(tmp_path, size):
    """The sizes in the directory are forged."""
    torch.save({'a': torch.zeros(4)}, tmp_path / 'x.pth')
    content = bytearray((tmp_path / 'x.pth').read_bytes())
    for at in [m.start() for m in re.finditer(b'PK\x01\x02', bytes(content))]:
        content[at + 24:at + 28] = min(size, 2**32 - 2).to_bytes(4, 'little')
    (tmp_path / 'x.pth').write_bytes(content)
    with pytest.raises(CheckpointError, match='x.pth: refused: its records claim more bytes than the file has'):
        load_checkpoint(tmp_path / 'x.pth')


@pytest.mark.parametrize('zipped', [False, True])
def test_a_storage_that_claims_a_terabyte(tmp_path, zipped):
    torch.save({'a': torch.zeros(4)}, tmp_path / 'x.pth', _use_new_zipfile_serialization=zipped)
    content = (tmp_path / 'x.pth').read_bytes()
    if zipped:
        with zipfile.ZipFile(tmp_path / 'x.pth') as old:
            records = {name: old.read(name) for name in old.namelist()}
        with zipfile.ZipFile(tmp_path / 'x.pth', 'w') as new:
            for name, record in records.items():
                # The number of values, after the device of the storage: one byte becomes eight.
                forged = re.sub(rb'(cpuq.)K\x04', lambda m: m[1] + b'\x8a\x06' + (2**40).to_bytes(6, 'little'), record)
                assert (forged != record) is name.endswith('data.pkl')
                new.writestr(name, forged)
    else:
        at = content.rindex((4).to_bytes(8, 'little'))
        (tmp_path / 'x.pth').write_bytes(content[:at] + (2**38).to_bytes(8, 'little') + content[at + 8:])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for mmap in (False, True):
        try:
            tensor = load_checkpoint(tmp_path / 'x.pth', mmap=mmap)['a']
        except CheckpointError:
            continue
        # In a zip file the record's own size counts.
        assert zipped and tensor.tolist() == [0.] * 4
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000
