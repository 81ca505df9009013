"""The manifest holds the score of each checkpoint, and a soup of the best goes by it alone."""
import json
from types import SimpleNamespace

import pytest
import torch

from mmcomp.apis import load_config, train
from mmcomp.apis.checkpoint_scores import logged_scores, top_members
from mmcomp.checkpoints.loading import load_checkpoint
from mmcomp.checkpoints.soup import find_members, uniform_soup
from mmcomp.engine.hooks import CheckpointManifestHook
from mmcomp.engine.hooks.checkpoint_manifest_hook import MANIFEST, read_manifest
from mmcomp.errors import CheckpointError, ConfigError
from mmcomp.testing.toy_training import write_toy_config


def trained(config, folder, resume=None):
    cfg = load_config(config)
    cfg.train_cfg = dict(by_epoch=False, max_iters=10, val_interval=2, val_begin=4)
    cfg.default_hooks.checkpoint.update(interval=2, by_epoch=False, save_begin=2, max_keep_ckpts=3)
    cfg.default_hooks.logger = dict(type='LoggerHook', log_metric_by_epoch=False)
    cfg.custom_hooks = [dict(type='EMAHook', momentum=.005), dict(type='CheckpointManifestHook')]
    train(cfg, work_dir=str(folder), check=False, resume=resume)
    return read_manifest(folder)


@pytest.fixture(scope='module')
def work(tmp_path_factory):
    folder = tmp_path_factory.mktemp('manifest')
    trained(write_toy_config(folder), folder / 'work')
    return folder / 'work'


def test_each_kept_checkpoint_has_the_score_of_its_iteration(work):
    rows, logged = read_manifest(work), logged_scores(work)['accuracy/top1']
    assert [(row['file'], row['iter']) for row in rows] == [(f'iter_{n}.pth', n) for n in (6, 8, 10)]
    assert {row['iter']: row['scores']['accuracy/top1'] for row in rows} == {n: logged[n] for n in (6, 8, 10)}


def test_the_file_holds_the_average_as_the_weights_and_the_raw_ones_beside(work):
    """With a share of .005 it goes a small part of the way that the raw weights go between two files."""
    early, late = (load_checkpoint(work / f'iter_{n}.pth') for n in (6, 10))
    for name, value in late['state_dict'].items():
        if not value.is_floating_point() or 'running' in name:
            continue
        raw = [file['ema_state_dict'][f'module.{name}'] for file in (early, late)]
        went, followed = (raw[1] - raw[0]).norm(), (value - early['state_dict'][name]).norm()
        assert not torch.equal(value, raw[1]) and followed < .1 * went, name


def test_a_resumed_training_forgets_what_came_later(work, tmp_path):
    rows = [dict(row, scores={'accuracy/top1': -1.}) for row in read_manifest(work)]
    (work / MANIFEST).write_text(json.dumps(dict(checkpoints=rows)))
    rows = trained(work.parent / 'toy.py', work, resume=str(work / 'iter_8.pth'))
    # The validation of iteration 8 came after its checkpoint, so it is done again.
    assert [(row['iter'], row['scores']['accuracy/top1'] >= 0) for row in rows] == [(6, False), (8, True), (10, True)]


def test_a_soup_of_the_best_goes_by_the_manifest_and_ignores_itself(work, tool):
    scores = {'iter_6.pth': .9, 'iter_8.pth': .1, 'iter_10.pth': .7}
    rows = [dict(file=name, iter=0, epoch=0, scores={'accuracy/top1': score}) for name, score in scores.items()]
    (work / MANIFEST).write_text(json.dumps(dict(checkpoints=rows)))
    best = [work / 'iter_6.pth', work / 'iter_10.pth']
    (work / 'interrupted.pth').write_bytes((work / 'iter_8.pth').read_bytes())
    for folder_has_steps in (True, False):
        if not folder_has_steps:  # so that any checkpoint counts, the soup that was made before, too
            for name in list(scores):
                (work / name).rename(work / name.replace('iter_', 'at-'))
            (work / MANIFEST).write_text((work / MANIFEST).read_text().replace('iter_', 'at-'))
            best = [path.with_name(path.name.replace('iter_', 'at-')) for path in best]
        for _ in range(2):
            tool('model_soup').main(['--model-folder', str(work), '--top', '2', '--out', str(work / 'best-soup.pth')])
            soup = load_checkpoint(work / 'best-soup.pth')
            assert set(soup['meta']['soup']) == {path.name for path in best}
    for name, value in uniform_soup(best[::-1]).items():
        torch.testing.assert_close(soup['state_dict'][name], value, rtol=1e-6, atol=1e-7)
    assert work / 'best-soup.pth' not in find_members(work)
    with pytest.raises(CheckpointError, match='from 1 to 3'):
        top_members(find_members(work), 4)
    odd = load_checkpoint(best[0])
    odd['state_dict']['head.fc.weight'] = torch.zeros(3, 120)
    torch.save(dict(state_dict=odd['state_dict']), best[1])
    with pytest.raises(CheckpointError, match='head.fc.weight'):
        tool('model_soup').main(['--model-folder', str(work), '--top', '2', '--out', str(work / 'best-soup.pth')])


def test_without_checkpoints_there_is_nothing_to_score():
    with pytest.raises(ConfigError, match='AtomicCheckpointHook'):
        CheckpointManifestHook().before_train(SimpleNamespace(hooks=[]))
