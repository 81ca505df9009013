"""Divided weights, activations computed again: the training of plain DDP, and plain checkpoints."""
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from mmcomp.apis.building import load_model
from mmcomp.apis.config import load_config
from mmcomp.checkpoints.loading import load_checkpoint
from mmcomp.testing.kill_soak import output_file
from mmcomp.visualization.training_log import read_log

SCRIPT = Path(__file__).with_name('large_models.py')


@pytest.fixture(scope='module')
def site(root, tmp_path_factory):
    """The folder of all trainings, and how each ended."""
    folder = tmp_path_factory.mktemp('large')
    env = {**os.environ, 'PYTHONPATH': str(root), 'OMP_NUM_THREADS': '1'}
    done = subprocess.run([sys.executable, str(SCRIPT), str(folder)], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder, json.loads((folder / 'codes.json').read_text())


def end(folder: Path) -> dict:
    return load_checkpoint(folder / 'epoch_2.pth')


def losses(folder: Path) -> torch.Tensor:
    return torch.tensor([value for _, value in read_log(folder).points['loss']])


@pytest.mark.parametrize(('name', 'plain', 'tolerance'), [
    ('fsdp', 'ddp', 1e-5), ('accumulated', 'ddp-accumulated', 1e-5), ('bfloat16', 'ddp-bfloat16', 5e-3),
    ('moved', 'ddp', 1e-5), ('back', 'ddp', 1e-5)])
def test_the_loss_curve_is_that_of_ddp(site, name, plain, tolerance):
    folder, codes = site
    said = output_file(folder / name).read_text()[-3000:]
    assert codes[plain] == [[0, 0]] and codes[name][-1] == [0, 0], said
    expected, found = losses(folder / plain), losses(folder / name)
    assert len(expected) == 6 and expected.std() > 1e-3
    torch.testing.assert_close(found, expected, rtol=tolerance, atol=tolerance)
    ours, theirs = end(folder / name)['state_dict'], end(folder / plain)['state_dict']
    assert {k: (v.shape, v.dtype) for k, v in ours.items()} == {k: (v.shape, v.dtype) for k, v in theirs.items()}
    for key, value in theirs.items():
        torch.testing.assert_close(ours[key], value, rtol=10 * tolerance, atol=10 * tolerance, msg=key)


def test_checkpoints_are_plain(site):
    """The optimizer's states, too, have the form and nearly the values of a training that divides nothing."""
    folder, _ = site
    ours, theirs = (end(folder / name)['optimizer'] for name in ('fsdp', 'ddp'))
    assert ours['param_groups'] == theirs['param_groups'] and ours['state'].keys() == theirs['state'].keys()
    for number, state in theirs['state'].items():
        for name, value in state.items():
            assert type(ours['state'][number][name]) is torch.Tensor
            torch.testing.assert_close(ours['state'][number][name], value, rtol=1e-3, atol=1e-5)
    cfg = load_config(folder / 'swin.py')
    models = [load_model(cfg, str(folder / name / 'epoch_2.pth'))[0] for name in ('fsdp', 'ddp')]
    images = torch.rand(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    scores = [torch.stack([s.pred_score for s in model(images, mode='predict')]) for model in models]
    torch.testing.assert_close(*scores, rtol=1e-4, atol=1e-4)


def test_killed_it_went_on(site):
    folder, codes = site
    for name in ('accumulated', 'moved', 'back'):
        assert [any(end) for end in codes[name]] == [True, False], name
    assert 'Gradients of an unfinished accumulation are restored (1 ranks)' in output_file(
        folder / 'accumulated').read_text()


def test_what_it_can_not_do_is_said(site):
    folder, codes = site
    assert codes['alone'] == [[0]] and 'the weights are not divided' in output_file(folder / 'alone').read_text()
    assert all(codes['averaged'][0]) and 'tools/model_soup.py' in output_file(folder / 'averaged').read_text()
