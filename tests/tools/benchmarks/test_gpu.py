"""What the benchmark counts without a GPU, and what the fused Swin V2 keeps: one graph, no waits."""
import pytest
import torch

from mmcomp.testing.speed.gpu_speed import CASES, StepBench, Waits, speed_rows


def test_swin_is_one_graph_and_waits_for_nothing(tool, capsys):
    tool('benchmarks/gpu').main(['--cases', 'swin-l'])
    rows = [[cell.strip() for cell in line.split('|')[1:-1]] for line in capsys.readouterr().out.splitlines()[2:4]]
    assert rows[0][:3] == ['swin-l, ours', '0', '0'] and rows[1][0] == 'swin-l, stock'
    assert float(rows[0][3]) == float(rows[1][3]) > 1, 'the same arithmetic'


def test_waits_are_seen():
    numbers = torch.arange(3.)
    with Waits() as waits:
        numbers.sum().item()
        float(numbers[0])
        numbers.sum()
    assert waits.count == 2


@pytest.mark.parametrize('name', ['vit-l', 'mae-l', 'bert-base'])
def test_steps_of_a_toy_size_learn(name):
    bench = StepBench(CASES[name], 'ours', torch.device('cpu'))
    before = [parameter.detach().clone() for parameter in bench.model.parameters()]
    assert len(bench.seconds(1)) == 1
    assert any(not torch.equal(old, new) for old, new in zip(before, bench.model.parameters()))


@pytest.mark.skipif(not torch.cuda.is_available(), reason='no GPU')
def test_on_a_gpu():
    rows = list(speed_rows('bert-base', torch.device('cuda'), 3, (False, )))
    assert float(rows[0][1]) > 0 and float(rows[0][3]) > 0
