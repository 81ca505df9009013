import json

import pytest
import torch

from mmcomp.apis.checkpoint_scores import logged_scores, top_members
from mmcomp.checkpoints.soup import find_members
from mmcomp.errors import CheckpointError


@pytest.fixture()
def work(tmp_path):
    """Five epochs; the second run did epoch 3 again, and the first ended in the middle of a line."""
    for epoch in range(1, 6):
        torch.save({'a': torch.zeros(1)}, tmp_path / f'epoch_{epoch}.pth')
    log(tmp_path, '1', [(1, .5), (2, .9), (3, .99)], tail='{"acc')
    log(tmp_path, '2', [(3, .7), (4, .9), (5, .6)])
    return tmp_path


def log(folder, run, scores, tail='', key='accuracy/top1'):
    file = folder / run / 'vis_data' / 'scalars.json'
    file.parent.mkdir(parents=True)
    rows = [row for step, score in scores for row in (
        {'lr': .1, 'loss': 2., 'iter': 10 * step, 'epoch': step, 'step': 10 * step},
        {key: score, 'single-label/f1': -score, 'time': .1, 'data_time': .1, 'step': step})]
    file.write_text('\n'.join(map(json.dumps, rows)) + f'\n{tail}')


def test_the_best_by_the_log_oldest_first(work):
    paths = find_members(work)
    assert logged_scores(work)['accuracy/top1'] == {1: .5, 2: .9, 3: .7, 4: .9, 5: .6}
    assert [(p.name, s) for p, s in top_members(paths, 3)] == [('epoch_2.pth', .9), ('epoch_3.pth', .7),
                                                              ('epoch_4.pth', .9)]
    assert [p.name for p, _ in top_members(paths, 1)] == ['epoch_4.pth']
    assert [p.name for p, _ in top_members(paths, 1, 'single-label/f1')] == ['epoch_1.pth']


def test_of_losses_the_small_ones(tmp_path):
    for epoch in (1, 2):
        torch.save({'a': torch.zeros(1)}, tmp_path / f'epoch_{epoch}.pth')
    log(tmp_path, '1', [(1, .2), (2, .5)], key='val_loss')
    assert [p.name for p, _ in top_members(find_members(tmp_path), 1, 'val_loss')] == ['epoch_1.pth']
    with pytest.raises(CheckpointError, match='--by: `key` must be named'):
        top_members(find_members(tmp_path), 1)


def test_a_best_file_carries_its_score_and_an_epoch_does_not(tmp_path):
    hub = {'runtime_info': {'best_score': .8}}
    torch.save({'a': torch.zeros(1), 'message_hub': hub}, tmp_path / 'best_accuracy_top1_epoch_3.pth')
    torch.save({'a': torch.zeros(1), 'message_hub': hub}, tmp_path / 'epoch_3.pth')
    assert top_members([tmp_path / 'best_accuracy_top1_epoch_3.pth'], 1)[0][1] == .8
    with pytest.raises(CheckpointError, match='no validation score .* of .*epoch_3.pth.*--last N.*--greedy'):
        top_members([tmp_path / 'epoch_3.pth'], 1)


def test_what_is_not_there_is_said(work):
    paths = find_members(work)
    with pytest.raises(CheckpointError, match=r'`accuracy/top2`. Did you mean `accuracy/top1`'):
        top_members(paths, 2, 'accuracy/top2')
    with pytest.raises(CheckpointError, match='--top: `top` must be from 1 to 5'):
        top_members(paths, 6)
    torch.save({'a': torch.zeros(1)}, work / 'epoch_6.pth')
    with pytest.raises(CheckpointError, match='no validation score `accuracy/top1` is known of .*epoch_6.pth'):
        top_members(find_members(work), 2)
