import pytest
import torch

from mmcomp.checkpoints.loading import load_checkpoint


def test_a_work_folder_becomes_one_checkpoint(tool, toy_run, tmp_path, capsys):
    _, work = toy_run
    tool('model_soup').main(['--model-folder', str(work), '--out', str(tmp_path / 'soup.pth')])
    assert 'averaging 2 checkpoints' in capsys.readouterr().out
    first, second, soup = [load_checkpoint(f)['state_dict'] for f in
                           (work / 'epoch_1.pth', work / 'epoch_2.pth', tmp_path / 'soup.pth')]
    for name, tensor in soup.items():
        torch.testing.assert_close(tensor, (first[name] + second[name]) / 2)
    tool('model_soup').main(['--models', str(work / 'epoch_1.pth'), '--out', str(tmp_path / 'same.pth')])
    assert torch.equal(load_checkpoint(tmp_path / 'same.pth')['state_dict']['head.fc.weight'], first['head.fc.weight'])


def test_sources_exclude_each_other(tool):
    for argv in ([], ['--models', 'a', '--model-folder', 'b'], ['--models', 'a', '--last', '1']):
        with pytest.raises(SystemExit):
            tool('model_soup').main(argv)
