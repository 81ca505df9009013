"""Digits: train, soup and predict give one table, whatever the number of processes."""
import os
import subprocess
import sys

import numpy as np
import pytest

from mmcomp.predictions.tables import read_table
from mmcomp.testing.digits import write_digits

# Augmentation draws other numbers on other ranks; all else must not differ.
CONFIG = """
_base_ = [{base!r}]
data = dict(data_root={root!r}, pipeline=_base_.test_pipeline)
train_dataloader = dict(batch_size={batch}, dataset=dict(indices=160, **data))
val_dataloader = dict(dataset=dict(data_root={root!r}))
test_dataloader = dict(dataset=dict(data_root={root!r}))
train_cfg = dict(max_epochs=2)
"""


@pytest.fixture()
def run(root, tmp_path):
    environment = {**os.environ, 'PYTHON': sys.executable, 'OMP_NUM_THREADS': '1', 'CUDA_VISIBLE_DEVICES': '-1'}

    def run(script, *arguments):
        done = subprocess.run([str(root / 'tools' / script), *map(str, arguments)], cwd=tmp_path, env=environment,
                              capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stderr[-3000:]

    return run


def test_one_and_two_processes_agree(tool, root, run, tmp_path):
    write_digits(tmp_path / 'digits', noise=.1, imbalance=4)
    configs = {}
    for ranks in (1, 2):
        configs[ranks] = tmp_path / f'ranks_{ranks}.py'
        configs[ranks].write_text(CONFIG.format(base=str(root / 'configs/demo/digits-swin.py'), batch=16 // ranks,
                                                root=str(tmp_path / 'digits')))
    tool('train').main([str(configs[1]), '--work-dir', str(tmp_path / '1')])
    run('dist_train.sh', configs[2], 2, '--work-dir', tmp_path / '2')
    for ranks in (1, 2):
        tool('model_soup').main(['--model-folder', str(tmp_path / f'{ranks}'), '--out', str(tmp_path / f'{ranks}.pth')])
    folder = ('--folder', str(tmp_path / 'digits/test'))
    tool('test').main([str(configs[1]), str(tmp_path / '1.pth'), *folder, '--out', str(tmp_path / '1.pkl')])
    run('dist_test.sh', configs[2], tmp_path / '2.pth', 2, *folder, '--out', tmp_path / '2.pkl')
    one, two = read_table(tmp_path / '1.pkl').check(), read_table(tmp_path / '2.pkl').check()
    assert len(one) == 600 == len(set(one.ids)) and np.array_equal(one.ids, two.ids) and one.classes == two.classes
    # Gradients are summed in another order; 20 steps let that grow to a few units of the fourth digit.
    np.testing.assert_allclose(one.scores, two.scores, atol=2e-3)
    assert (one.labels() == two.labels()).mean() > .99
