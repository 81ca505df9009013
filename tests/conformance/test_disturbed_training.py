"""Trainings that are killed, asked to stop or broken: what is left, what is said, and where they end when resumed."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import torch

from mmcomp.apis.resuming import newest_checkpoint
from mmcomp.checkpoints.loading import load_checkpoint
from mmcomp.testing.kill_soak import output_file
from mmcomp.visualization.training_log import read_log

SCRIPT = Path(__file__).with_name('disturbed.py')


@pytest.fixture(scope='module')
def play(root):
    """The folder of all trainings, and how each ended."""
    # Not pytest's own folder, which no other user can enter: one of the trainings goes on as nobody.
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    env = {**os.environ, 'PYTHONPATH': str(root), 'OMP_NUM_THREADS': '1'}
    done = subprocess.run([sys.executable, str(SCRIPT), str(folder)], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    yield folder, json.loads((folder / 'ends.json').read_text())
    for path in folder.rglob('*/'):
        path.chmod(0o755)
    shutil.rmtree(folder)


def weights(folder: Path) -> dict:
    return load_checkpoint(newest_checkpoint(folder))['state_dict']


def said(folder: Path, rank: int = 0) -> str:
    return output_file(folder, rank).read_text(errors='replace')


@pytest.mark.parametrize('recipe', ['swin', 'mae', 'accumulation'])
def test_a_killed_training_ends_as_an_undisturbed_one(play, recipe):
    assert play[1][f'soak {recipe}'] == []


def test_killed_between_the_best_checkpoint_and_the_last_one(play):
    killed, resumed, differences = play[1]['late']
    assert killed['codes'] == [-9] and resumed['codes'] == [0] and differences == []


def test_other_numbers_of_ranks_go_on_with_the_same_batches_and_rates(play):
    folder, ends = play
    two, one, four = (end['codes'] for end in ends['elastic'])
    # The other of two may see that it is alone before it is ended.
    assert -9 in two and all(two) and (one, four) == ([-9], [0] * 4)
    calm, changed = weights(folder / 'elastic-calm'), weights(folder / 'elastic')
    for name, value in calm.items():
        torch.testing.assert_close(changed[name], value, rtol=1e-4, atol=1e-6)
    logs = [read_log(folder / name).points for name in ('elastic-calm', 'elastic')]
    assert logs[0]['lr'] == logs[1]['lr']
    assert 'a divisor of the batch of all ranks, 8; got 3' in said(folder / 'uneven')


def test_asked_to_stop_it_saves_leaves_a_marker_and_goes_on_exactly(play):
    for name in ('asked', 'asked-2', 'asked-in-validation'):
        first, second, differences = play[1][name]
        assert set(first['codes']) == {85}, name
        assert {'PREEMPTED', 'interrupted.pth'} <= set(first['files']), name
        assert set(second['codes']) == {0} and differences == [], (name, differences)
        assert not {'PREEMPTED', 'interrupted.pth'} & set(second['files']), name


@pytest.mark.parametrize(('name', 'reason'), [
    ('diverged', 'The training has diverged'),
    ('worker', 'lower train_dataloader.num_workers'),
    ('full', 'epoch_1.pth is whole; free space or mend the cause'),
    ('gone', 'could not write or read here (No such file or directory)'),
    ('locked', 'could not write or read here (Permission denied)'),
])
def test_a_training_that_can_not_go_on_says_why_and_ends(play, name, reason):
    folder, ends = play
    (end, ) = ends[name]
    assert end['codes'] == [1] and end['seconds'] < 60
    assert reason in said(folder / name)


def test_what_was_saved_before_a_failure_is_still_whole(play):
    for name in ('full', 'locked'):
        assert newest_checkpoint(play[0] / name).endswith('epoch_1.pth')
        assert all(torch.isfinite(value).all() for value in weights(play[0] / name).values())


def test_ranks_do_not_wait_for_one_that_failed(play):
    folder, ends = play
    (end, ) = ends['rank']
    assert end['codes'] == [1, 1] and end['seconds'] < 60
    assert 'no such luck' in said(folder / 'rank', 1) and 'Another rank has ended' in said(folder / 'rank', 0)
