"""Trainings."""
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmcomp.files import atomic_path
from mmcomp.recipes.stage import STAGES, Output, Site, Stage, config_file, takes
from mmcomp.recipes.stages.launching import launch


@STAGES.register_module()
@dataclass(frozen=True)
class Train(Stage):
    """Train a config; a killed training goes on from its newest checkpoint.

    Args:
        config: The config file.
        ann: The list to train on, instead of the config's.
        val: The list to validate on during training; without it, and without
            ``validate``, there is none.
        start: Weights to start from (``load_from``).
        options: Changes to the config, nested as it is; may hold references.
        seed: Of all random numbers.
        amp: Mixed precision on a GPU.
        validate: Validate as the config says.
    """
    outputs = dict(model=Output('model', '.'), weights=Output('weights', 'weights.pth'))
    uses_torch = True
    default_gpus = 1
    config: str = config_file()
    ann: str | None = takes('annotations', optional=True)
    val: str | None = takes('annotations', optional=True)
    start: str | None = takes('model', 'weights', optional=True)
    options: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    amp: bool = False
    validate: bool = False

    def run(self, site: Site) -> str:
        settings = dict(work_dir=str(site.folder), resume='auto', validate=self.validate or self.val is not None,
                        seed=self.seed, amp=self.amp)
        cfg = self._config(site)
        if len(site.gpus) > 1:
            self._launch(cfg, site, settings)
        else:
            from mmcomp.apis.training import train
            train(cfg, **settings)
        newest = Path((site.folder / 'last_checkpoint').read_text(encoding='utf-8').strip())
        with atomic_path(site.folder / 'weights.pth') as temporary:
            temporary.unlink()
            _link(site.folder / newest.name, temporary)
        cfg.dump(str(site.folder / 'config.py'))
        return self._said(site.folder)

    def _config(self, site: Site):
        from mmcomp.apis import load_config
        from mmcomp.apis.config import set_list
        cfg = load_config(self.config, self.options)
        for part, ann in (('train', self.ann), ('val', self.val)):
            if ann:
                set_list(cfg, f'{part}_dataloader', ann)
        if self.start:
            cfg.load_from = str(Path(self.start) / 'weights.pth' if Path(self.start).is_dir() else self.start)
        cfg.custom_hooks = [*(cfg.get('custom_hooks') or []),
                            dict(type='ProgressHook', out=str(site.folder / 'progress.json'))]
        return cfg

    def _launch(self, cfg, site: Site, settings: dict) -> None:
        """One process a GPU."""
        cfg.dump(str(site.folder / 'launch.py'))
        words = [str(site.folder / 'launch.py'), '--work-dir', settings['work_dir'], '--resume', '--cfg-options',
                 f'randomness.seed={self.seed}',
                 *(['--amp'] if self.amp else []), *([] if settings['validate'] else ['--no-validate'])]
        launch(site, 'train.py', words)

    @staticmethod
    def _said(folder: Path) -> str:
        """The end of the training's log in a few words."""
        logs = sorted(folder.glob('*/vis_data/scalars.json'), key=lambda p: p.stat().st_mtime)
        rows = [json.loads(line) for line in logs[-1].read_text(encoding='utf-8').splitlines()] if logs else []
        loss = next((row['loss'] for row in reversed(rows) if 'loss' in row), None)
        return '' if loss is None else f'loss {loss:.3g} at the end'


@STAGES.register_module()
@dataclass(frozen=True)
class Pretrain(Train):
    """A training without labels, such as a masked autoencoder's; its list may hold any images."""


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
