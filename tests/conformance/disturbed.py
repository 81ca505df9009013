"""The trainings of test_disturbed_training.py, forked from one process that has imported everything.

    python tests/conformance/disturbed.py FOLDER
"""
import json
import multiprocessing
import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

from mmcomp.testing.kill_soak import Moments, compare, run_once, soak, warm_up, write_recipes

WORKERS = {'train_dataloader.num_workers': 2, 'train_dataloader.persistent_workers': True}
# No checkpoint after the first two validations.
SPARSE = {'default_hooks.checkpoint.interval': 3, 'train_cfg.max_epochs': 3}
# Checkpoints after every step; no augmentation that draws by rank.
ELASTIC = {
    'default_hooks.checkpoint.by_epoch': False, 'default_hooks.checkpoint.max_keep_ckpts': 1,
    'train_dataloader.dataset.pipeline': [
        dict(type='LoadImageFromFile', color_type='grayscale'), dict(type='RandomCrop', crop_size=32, padding=3),
        dict(type='PackInputs')],
    'train_dataloader.batch_size': 4, 'param_scheduler': [dict(type='LinearLR', end=12, by_epoch=False)],
}  # yapf: disable


def ask_all() -> None:
    """SIGTERM to this process and its loader workers, from a stranger."""
    processes = [os.getpid(), *(child.pid for child in multiprocessing.active_children())]
    subprocess.run(['kill', '-TERM', *map(str, processes)], check=True)


def lose_a_worker() -> None:
    multiprocessing.active_children()[0].kill()


def fail() -> None:
    raise ValueError('no such luck')


def fill_disk() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))


def lock(folder: Path) -> None:
    for path in (folder, *folder.rglob('*/')):
        path.chmod(0o555)
    if os.getuid() == 0:
        # Permissions do not bind root.
        os.setuid(65534)


class Play:
    """Runs trainings of one folder and writes down how they ended."""

    def __init__(self, folder: Path):
        self.folder, self.ends = folder, {}
        # 4 steps an epoch, or 2 on each of two ranks.
        self.recipes = write_recipes(folder, images_per_class=16)
        self.recipes['toy'] = folder / 'toy.py'

    def run(self, name: str, recipe: str, *, ranks: int = 1, victim: int = 0, **kwargs) -> None:
        began = time.monotonic()
        codes = run_once(self.recipes[recipe], self.folder / name, ranks, victim, **kwargs)
        end = dict(codes=codes, seconds=time.monotonic() - began, files=self.files(name))
        self.ends.setdefault(name, []).append(end)

    def files(self, name: str) -> list[str]:
        return sorted(path.name for path in (self.folder / name).glob('*') if path.is_file())

    def same(self, name: str, calm: str) -> None:
        self.ends[name].append(compare(self.folder / calm, self.folder / name))

    def everything(self) -> None:
        for recipe, ranks, kills in (('swin', 1, 2), ('mae', 1, 1), ('accumulation', 2, 2)):
            self.ends[f'soak {recipe}'] = soak(recipe, self.recipes[recipe], self.folder, ranks, kills).differences
        # After the best checkpoint of the last epoch is there, before the training's own knows of it.
        writes = json.loads((self.folder / 'swin-1-calm/moments0.json').read_text())['write']
        self.run('late', 'swin', moments=Moments('write', writes - 2))
        self.run('late', 'swin')
        self.same('late', 'swin-1-calm')
        self.elastic()
        self.asked()
        self.failures()

    def elastic(self) -> None:
        self.run('elastic-calm', 'toy', ranks=2, options=ELASTIC)
        for ranks, moments in ((2, Moments('step', 4)), (1, Moments('step', 3)), (4, Moments())):
            self.run('elastic', 'toy', ranks=ranks, moments=moments, options=ELASTIC)
        self.run('uneven', 'toy', ranks=2, moments=Moments('step', 3), options=ELASTIC)
        self.run('uneven', 'toy', ranks=3, options=ELASTIC)

    def asked(self) -> None:
        self.run('asked-calm', 'mae', options=WORKERS)
        self.run('asked', 'mae', moments=Moments('step', 11, ask_all), options=WORKERS)
        self.run('asked', 'mae', options=WORKERS)
        self.same('asked', 'asked-calm')
        self.run('asked-2', 'swin', ranks=2, victim=1, moments=Moments('step', 3, ask_all))
        self.run('asked-2', 'swin', ranks=2)
        self.same('asked-2', 'swin-2-calm')
        self.run('asked-in-validation', 'swin', moments=Moments('validation', 6, ask_all), options=SPARSE)
        self.run('asked-in-validation', 'swin', options=SPARSE)
        self.same('asked-in-validation', 'swin-sparse-calm')

    def failures(self) -> None:
        often = {'train_cfg.max_epochs': 9}
        self.run('diverged', 'toy', options={'optim_wrapper.optimizer.lr': 1e38})
        self.run('worker', 'toy', moments=Moments('step', 5, lose_a_worker), options={**WORKERS, **often})
        self.run('rank', 'toy', ranks=2, victim=1, moments=Moments('step', 3, fail), launcher=False, options=often)
        self.run('full', 'toy', moments=Moments('step', 5, fill_disk), options=often)
        gone = self.folder / 'gone'
        self.run('gone', 'toy', moments=Moments('step', 5, lambda: shutil.rmtree(gone)), options=often)
        self.run('locked', 'toy', moments=Moments('step', 5, lambda: lock(self.folder / 'locked')), options=often)


if __name__ == '__main__':
    warm_up()
    play = Play(Path(sys.argv[1]))
    play.run('swin-2-calm', 'swin', ranks=2)
    play.run('swin-sparse-calm', 'swin', options=SPARSE)
    play.everything()
    (play.folder / 'ends.json').write_text(json.dumps(play.ends))
