import json
from types import SimpleNamespace

from mmcomp.engine.hooks import ProgressHook


def test_it_tells_the_last_step_and_not_every_one(tmp_path):
    out = tmp_path / 'progress.json'
    hook, seen = ProgressHook(str(out), seconds=1000), []
    for step in range(12):
        runner = SimpleNamespace(iter=step, epoch=step // 4, max_iters=12, max_epochs=3)
        hook.after_train_iter(runner, step)
        seen.append(json.loads(out.read_text())['done'])
    assert seen == [1] * 11 + [12]
    assert json.loads(out.read_text()) == dict(done=12, total=12, what='epoch 3 of 3')
    hook.after_train_iter(SimpleNamespace(iter=19, epoch=0, max_iters=20, max_epochs=None), 19)
    assert json.loads(out.read_text())['what'] == 'iteration 20 of 20'
    hook.after_val_epoch(None, {'accuracy/top1': 64.25, 'loss': 1.})
    hook.after_train_iter(SimpleNamespace(iter=19, epoch=0, max_iters=20, max_epochs=None), 19)
    assert json.loads(out.read_text())['what'] == 'iteration 20 of 20, accuracy/top1 64.25'
