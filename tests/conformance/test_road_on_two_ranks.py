"""Digits: train, soup and predict give one table, whatever the number of processes."""
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch

from mmcomp.predictions.tables import read_table
from mmcomp.testing.digits import write_digits
from mmcomp.testing.kill_soak.processes import free_port

SCRIPT = Path(__file__).with_name('road_rank.py')
# Augmentation draws other numbers on other ranks; all else must not differ.
CONFIG = """
_base_ = [{base!r}]
data = dict(data_root={root!r}, pipeline=_base_.test_pipeline)
train_dataloader = dict(batch_size={batch}, dataset=dict(indices=160, **data))
val_dataloader = dict(dataset=dict(data_root={root!r}))
test_dataloader = dict(dataset=dict(data_root={root!r}))
train_cfg = dict(max_epochs=2)
env_cfg = dict(dist_cfg=dict(backend='gloo', timeout=300))
"""


def write_config(folder: Path, root: Path, ranks: int) -> Path:
    path = folder / f'ranks_{ranks}.py'
    path.write_text(CONFIG.format(base=str(root / 'configs/demo/digits-swin.py'), batch=16 // ranks,
                                  root=str(folder / 'digits')))
    return path


def run_two_ranks(config: Path, folder: Path, root: Path) -> None:
    """Each rank in a process of its own: one that had a process group before may not find its new peer."""
    ports = (free_port(), free_port())
    env = {**os.environ, 'PYTHONPATH': str(root), 'OMP_NUM_THREADS': '1', 'CUDA_VISIBLE_DEVICES': '-1'}
    started = [subprocess.Popen([sys.executable, str(SCRIPT), str(rank), *map(str, (*ports, config, folder))], env=env)
               for rank in (0, 1)]
    try:
        assert [process.wait(timeout=500) for process in started] == [0, 0]
    finally:
        for process in started:
            process.kill()


def test_one_and_two_processes_agree(tool, root, tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    write_digits(tmp_path / 'digits', noise=.1, imbalance=4)
    alone = write_config(tmp_path, root, 1)
    tool('train').main([str(alone), '--work-dir', str(tmp_path / '1')])
    tool('model_soup').main(['--model-folder', str(tmp_path / '1'), '--out', str(tmp_path / '1.pth')])
    tool('test').main([str(alone), str(tmp_path / '1.pth'), '--folder', str(tmp_path / 'digits/test'),
                       '--out', str(tmp_path / '1.pkl')])
    run_two_ranks(write_config(tmp_path, root, 2), tmp_path, root)
    one, two = read_table(tmp_path / '1.pkl').check(), read_table(tmp_path / '2.pkl').check()
    assert len(one) == 600 == len(set(one.ids)) and np.array_equal(one.ids, two.ids) and one.classes == two.classes
    # Gradients are summed in another order; 20 steps let that grow to a few units of the fourth digit.
    np.testing.assert_allclose(one.scores, two.scores, atol=2e-3)
    assert (one.labels() == two.labels()).mean() > .99
