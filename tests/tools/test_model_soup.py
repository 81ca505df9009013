import pytest
import torch

from mmcomp.checkpoints.loading import load_checkpoint
from mmcomp.errors import CheckpointError


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


def test_top_and_greedy_of_a_training(tool, toy_run, tmp_path, capsys):
    config, work = toy_run
    out = tmp_path / 'top.safetensors'
    tool('model_soup').main(['--model-folder', str(work), '--top', '1', '--out', str(out)])
    assert 'averaging 1 checkpoints' in capsys.readouterr().out and load_checkpoint(out)['meta']['soup']
    argv = ['--model-folder', str(work), '--greedy', str(config), '--by', 'accuracy/top1', '--device', 'cpu',
            '--plot', str(tmp_path / 'x.png'), '--update-bn', str(config), '--out', str(tmp_path / 'soup.pth')]
    tool('model_soup').main(argv)
    first, said = (tmp_path / 'soup.pth').read_bytes(), capsys.readouterr().out
    assert 'accuracy/top1 alone' in said and 'no BatchNorm in the model' in said and (tmp_path / 'x.png').is_file()
    tool('model_soup').main(argv)
    again = load_checkpoint(tmp_path / 'soup.pth')['state_dict']
    assert 'scores are known' in capsys.readouterr().out and len(first) == (tmp_path / 'soup.pth').stat().st_size
    names = load_checkpoint(tmp_path / 'soup.pth')['meta']['soup']
    chosen = [load_checkpoint(work / name)['state_dict'] for name in names]
    for name, tensor in again.items():
        torch.testing.assert_close(tensor, sum(state[name] for state in chosen) / len(chosen))


def test_weights_and_errors(tool, toy_run, tmp_path):
    _, work = toy_run
    models = ['--models', str(work / 'epoch_1.pth'), str(work / 'epoch_2.pth')]
    tool('model_soup').main([*models, '--weights', '0', '2', '--out', str(tmp_path / 'x.pth')])
    state, expected = [load_checkpoint(f)['state_dict'] for f in (tmp_path / 'x.pth', work / 'epoch_2.pth')]
    assert all(torch.equal(state[name], tensor) for name, tensor in expected.items())
    for argv, said in (([*models, '--weights', '1'], '--weights'), ([*models, '--ema'], 'no `ema_state_dict`'),
                       ([*models, '--out', str(work / 'epoch_1.pth')], 'one of the checkpoints'),
                       ([*models, '--top', '1', '--by', 'x'], 'no `x`')):
        with pytest.raises(CheckpointError, match=said):
            tool('model_soup').main(['--out', str(tmp_path / 'none.pth'), *argv])
    assert not (tmp_path / 'none.pth').exists()
    for argv in (['--plot', 'x.png'], ['--alphas', '1.5'], ['--bn-batches', '3'], ['--ema', '--raw'],
                 ['--weights', '1', '1', '--greedy', 'x'], ['--last', '1', '--top', '1']):
        with pytest.raises(SystemExit):
            tool('model_soup').parse_args([*models, *argv])
