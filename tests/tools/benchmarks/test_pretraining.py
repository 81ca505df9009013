"""Both ways of each question answer the same, and the benchmark prints a table a question."""
import pytest
import torch

from mmcomp.testing.speed.pretraining_speed import QUESTIONS, Sizes, losses_of

SMALL = Sizes(videos=8, texts=2, frames=4, words=12, channels=16, vocabulary=50, queue=32, layers=1)


@pytest.mark.parametrize('name', QUESTIONS)
def test_the_ways_agree(name):
    found = losses_of(name, SMALL)
    assert found['ours'] == pytest.approx(found['plain'], rel=1e-4)


def test_tables(tool, capsys):
    threads = torch.get_num_threads()
    tool('benchmarks/pretraining').main(['--videos', '8', '--texts', '1', '--channels', '8', '--vocabulary', '200',
                                         '--queue', '32', '--layers', '1', '--rounds', '1', '--threads', str(threads)])
    rows = [line.strip('| ').split(' | ') for line in capsys.readouterr().out.splitlines() if line.startswith('| ')]
    assert [row[0] for row in rows if row[1] != 'processor, s'] == ['plain', 'ours'] * 4
    assert [row[2] for row in rows if row[0] == 'plain'] == ['1.00'] * 4
    memory = {head[0].split(':')[0]: float(ours[4]) for head, _, ours in zip(rows[::3], rows[1::3], rows[2::3])}
    assert memory['hidden frames'] < 0.6 and memory['hidden words'] < 0.6
