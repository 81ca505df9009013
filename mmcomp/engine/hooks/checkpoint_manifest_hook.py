"""The validation score of each checkpoint, in a file beside them."""
import json
from pathlib import Path

from mmengine.dist import is_main_process
from mmengine.hooks import Hook

from mmcomp.engine.hooks.atomic_checkpoint_hook import AtomicCheckpointHook
from mmcomp.errors import ConfigError, fault
from mmcomp.files import write_json
from mmcomp.registry import HOOKS

MANIFEST = 'checkpoints.json'


@HOOKS.register_module()
class CheckpointManifestHook(Hook):
    """Writes ``checkpoints.json``: of each checkpoint in the folder its file, iteration, epoch and scores.

    ``mmcomp model_soup --top`` chooses by it, so no score is read from a file's name. A score belongs to a checkpoint
    that was saved in the iteration that was validated: give both the same interval,
    such as ``checkpoint=dict(by_epoch=False, interval=500, save_begin=3000)`` beside
    ``train_cfg=dict(by_epoch=False, val_interval=500, val_begin=3000)``. With an
    ``EMAHook`` both are of the averaged weights. What has been removed since is left
    out, a training that starts anew begins with an empty manifest, and one that
    is resumed forgets what came after its checkpoint.
    """

    # After CheckpointHook.
    priority = 'LOWEST'

    def before_train(self, runner) -> None:
        """Go on with the manifest up to where the training is resumed."""
        self._saver(runner)
        if is_main_process():
            rows = self._read(runner) if runner._resume else []
            self._write(runner, [row for row in rows if row['iter'] <= runner.iter])

    def after_val_epoch(self, runner, metrics: dict[str, float] | None = None) -> None:
        """Add the checkpoint of this iteration, if there is one."""
        if not is_main_process() or not self._saver(runner).saved_at(runner):
            return
        name = Path(runner.message_hub.get_info('last_ckpt')).name
        scores = {key: float(value) for key, value in (metrics or {}).items() if _is_number(value)}
        row = dict(file=name, iter=runner.iter, epoch=runner.epoch, scores=scores)
        self._write(runner, [*(old for old in self._read(runner) if old['file'] != name), row])

    def _saver(self, runner) -> AtomicCheckpointHook:
        found = next((hook for hook in runner.hooks if isinstance(hook, AtomicCheckpointHook)), None)
        if found is None or '://' in str(found.out_dir):
            raise ConfigError(fault('CheckpointManifestHook', 'default_hooks.checkpoint',
                                    'an AtomicCheckpointHook that writes to a folder', type(found).__name__,
                                    'Take the hook out, or change it.'))
        return found

    def _path(self, runner) -> Path:
        return Path(self._saver(runner).out_dir or runner.work_dir) / MANIFEST

    def _read(self, runner) -> list[dict]:
        return read_manifest(self._path(runner).parent)

    def _write(self, runner, rows: list[dict]) -> None:
        path = self._path(runner)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, dict(checkpoints=[row for row in rows if (path.parent / row['file']).is_file()]))


def read_manifest(folder: Path) -> list[dict]:
    """Rows ``file, iter, epoch, scores`` of a folder's manifest; none without one."""
    try:
        rows = json.loads((folder / MANIFEST).read_text(encoding='utf-8'))['checkpoints']
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return []
    return [row for row in rows if isinstance(row, dict) and {'file', 'iter', 'scores'} <= row.keys()]


def _is_number(value: object) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True
