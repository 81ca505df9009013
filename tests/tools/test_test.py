import os
import subprocess
import sys

import numpy as np
import pytest

from mmcomp.errors import CheckpointError
from mmcomp.predictions.tables import read_table, table_files


def test_one_and_two_processes_write_the_same_table(tool, toy_run, tmp_path, root):
    config, work = toy_run
    options = ['--batch-size', '5']
    arguments = [str(config), str(work / 'epoch_2.pth'), '--folder', str(config.parent / 'images'), '--tta']
    tool('test').main([*arguments, '--out', str(tmp_path / 'one.pkl'), *options])
    two = subprocess.run(
        [root / 'tools/dist_test.sh', *arguments[:2], '2', *arguments[2:], '--out', tmp_path / 'two.pkl', *options],
        env={**os.environ, 'PYTHON': sys.executable, 'OMP_NUM_THREADS': '1', 'CUDA_VISIBLE_DEVICES': '-1'},
        capture_output=True, text=True)
    assert two.returncode == 0, two.stderr
    one, two = read_table(tmp_path / 'one.pkl'), read_table(tmp_path / 'two.pkl')
    assert len(one) == 32 and np.array_equal(one.ids, two.ids) and np.array_equal(one.scores, two.scores)


def test_the_default_output_lies_beside_the_checkpoint_and_prints_the_accuracy(tool, toy_run, capsys):
    config, work = toy_run
    tool('test').main([str(config), str(work / 'epoch_1.pth')])
    shown = capsys.readouterr().out
    assert 'accuracy/top1:' in shown and 'epoch_1.pkl: 32 samples, 2 classes' in shown and 'OneDL' not in shown
    assert read_table(work / 'epoch_1.pkl').origin['checkpoint'] == 'epoch_1.pth'


def test_several_checkpoints_in_one_pass(tool, toy_run, tmp_path, capsys):
    config, work = toy_run
    first, second = work / 'epoch_1.pth', work / 'epoch_2.pth'
    tool('test').main([str(config), str(second), '--out', str(tmp_path / 'alone.pkl')])
    tool('test').main([str(config), str(first), '--checkpoints', str(second), '--out', str(tmp_path / 'tables')])
    tables = [read_table(tmp_path / f'tables/epoch_{n}.pkl') for n in (1, 2)]
    assert np.array_equal(tables[1].scores, read_table(tmp_path / 'alone.pkl').scores)
    assert not np.array_equal(tables[0].scores, tables[1].scores)
    assert 'epoch_1.pkl: accuracy/top1:' in capsys.readouterr().out
    tool('test').main([str(config), str(first), '--also', str(config), str(second), '--out', str(tmp_path / 'both')])
    for n, table in enumerate(tables, 1):
        assert np.array_equal(read_table(tmp_path / f'both/epoch_{n}.pkl').scores, table.scores)
    assert [name.rpartition('/')[2] for name in table_files(
        tmp_path / 'x', ['a/best.pth', 'b/best.pth'])] == ['a-best.pkl', 'b-best.pkl']


def test_wrong_arguments(tool, toy_run, capsys):
    with pytest.raises(CheckpointError, match='no such checkpoint'):
        tool('test').main([str(toy_run[0]), 'none.pth'])
    with pytest.raises(SystemExit):
        tool('test').main(['a', 'b', '--folder', 'x', '--ann', 'y'])
    with pytest.raises(SystemExit):
        tool('test').main(['a', 'b', '--image-root', 'x'])
    with pytest.raises(SystemExit):
        tool('test').main(['--help'])
    assert 'goes on where it stopped' in capsys.readouterr().out
