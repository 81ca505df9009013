"""The benchmark prints a table a question; bytes and products are counted right."""
import pytest
import torch

from mmcomp.testing.speed.training_step_speed import peak_bytes, take_turns


def test_tables(tool, capsys):
    threads = torch.get_num_threads()
    tool('benchmarks/training_step').main(['--toy', '--image-size', '16', '--window', '2', '--classes', '20',
                                           '--features', '8', '--rounds', '2', '--threads', str(threads)])
    rows = [line.strip('| ').split(' | ') for line in capsys.readouterr().out.splitlines() if line.startswith('| ')]
    assert [row[0] for row in rows if row[1] != 'processor, s'] == [
        'timm', 'mmpretrain', 'ours', '(its matrix products alone)', 'mmpretrain', 'ours', 'mmengine', 'foreach',
        'one by one', 'foreach', 'fused']
    assert [row[3] for row in rows if row[0] in ('timm', 'mmengine', 'one by one')] == ['1.00'] * 3


def test_bytes_are_those_beside_what_was_there():
    def make():
        weights = torch.ones(1000)
        return lambda: (weights * 2 + 1).sum()

    assert peak_bytes(make) == pytest.approx(8000, abs=8)


def test_ways_take_turns_after_a_round_that_does_not_count():
    order = []
    taken = take_turns({name: lambda name=name: order.append(name) for name in 'abc'}, 2)
    assert ''.join(order) == 'abcbcacab' and [len(found) for found in taken.values()] == [2, 2, 2]
