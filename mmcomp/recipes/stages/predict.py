"""Predictions of a model."""
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mmcomp.recipes.stage import STAGES, Output, Site, Stage, takes
from mmcomp.recipes.stages.launching import launch


@STAGES.register_module()
@dataclass(frozen=True)
class Predict(Stage):
    """Predict a folder of images or a list; without either what the config tests on.

    Args:
        model: A :class:`Train` or :class:`Soup`.
        folder: Images without labels.
        ann: Or a list; its accuracy is recorded in the table. With a config of texts a table of them, or a list of
            the ids that count of the config's table, such as a fold of :class:`Split`.
        image_root: Where the paths of ``ann`` start.
        tta: Average the config's test-time views.
        tau: Subtract so many log priors of the training labels.
        half: Store float16.
        batch_size: Samples a batch and GPU, by default the config's.
        checkpoints: Predict so many of the training's last checkpoints in one pass, and combine them.
        weights: Of these, the oldest first: numbers, or ``exp2``, 1, 2, 4, …; equal by default.
        method: How they are combined; see :func:`mmcomp.predictions.ensembles.ensembling.ensemble_stream`.
        options: Changes to the config, nested as it is; may hold references.
    """
    outputs = dict(table=Output('table', 'table.pkl'))
    uses_torch = True
    default_gpus = 1
    model: str = takes('model')
    folder: str | None = takes('folder', optional=True)
    ann: str | None = takes('annotations', optional=True)
    image_root: str | None = takes('folder', optional=True)
    tta: bool = False
    tau: float = 0.
    half: bool = False
    batch_size: int | None = None
    checkpoints: int | None = None
    weights: Sequence[float] | str | None = None
    method: str = 'mean'
    options: Mapping[str, Any] = field(default_factory=dict)

    def run(self, site: Site) -> str:
        from mmcomp.predictions.tables import read_table, write_table
        files = self._files()
        outs = [site.folder / 'scores.pkl'] if len(files) == 1 else [site.folder / 'scores' / f'{f.stem}.pkl'
                                                                     for f in files]
        if len(site.gpus) > 1:
            self._launch(site, files, outs)
        else:
            from mmcomp.apis import load_config
            from mmcomp.apis.prediction import predict_tables
            outs[0].parent.mkdir(exist_ok=True)
            predict_tables(load_config(Path(self.model) / 'config.py', self.options), [str(f) for f in files],
                           [str(out) for out in outs], folder=self.folder, ann=self.ann, image_root=self.image_root,
                           tta=self.tta, logit_adjustment_tau=self.tau, dtype='float16' if self.half else 'float32',
                           batch_size=self.batch_size)
        table = read_table(outs[0]) if len(outs) == 1 else self._combined(outs)
        score = {k: table.origin[k] for k in ('val_score', ) if k in table.origin}
        origin = site.origin(teachers=site.teachers.get('model', []), tta=self.tta, tau=self.tau, **score)
        write_table(replace(table, origin=origin), site.folder / 'table.pkl')
        for out in outs:
            out.unlink()
        if score:
            site.told.update(score=score['val_score'], metric='accuracy')
        several = f' by {len(outs)} checkpoints' if len(outs) > 1 else ''
        right = f', {100 * score["val_score"]:.1f} % right' if score else ''
        return f'{len(table)} samples{several}{", with views" if self.tta else ""}{right}'

    def _files(self) -> list[Path]:
        """The weights to predict with."""
        if not self.checkpoints:
            return [Path(self.model) / 'weights.pth']
        from mmcomp.checkpoints.soup import find_members
        from mmcomp.errors import CheckpointError, fault
        found = [member for member in find_members(self.model) if member.name != 'weights.pth']
        if len(found) < self.checkpoints:
            raise CheckpointError(fault(self.model, 'checkpoints', f'at most {len(found)}, those that the training '
                                        'kept', self.checkpoints, 'Raise `max_keep_ckpts` of its CheckpointHook.'))
        return found[-self.checkpoints:]

    def _combined(self, outs: list[Path]):
        from mmcomp.predictions.ensembles.ensembling import ensemble
        from mmcomp.predictions.ensembles.member_weights import shares
        return ensemble(outs, shares(self.weights, len(outs)), method=self.method)

    def _launch(self, site: Site, files: list[Path], outs: list[Path]) -> None:
        """One process a GPU."""
        config = f'{self.model}/config.py'
        if self.options:
            from mmcomp.apis import load_config
            config = str(site.folder / 'launch.py')
            load_config(Path(self.model) / 'config.py', self.options).dump(config)
        sources = [word for name, value in (('folder', self.folder), ('ann', self.ann), ('image-root', self.image_root))
                   if value for word in (f'--{name}', value)]
        several = ['--checkpoints', *map(str, files[1:])] if len(files) > 1 else []
        words = [config, str(files[0]), *several, '--out', str(outs[0].parent if several else outs[0]), *sources,
                 *(['--tta'] if self.tta else []),
                 *(['--lt', str(self.tau)] if self.tau else []), *(['--dtype', 'float16'] if self.half else []),
                 *(['--batch-size', str(self.batch_size)] if self.batch_size else [])]
        launch(site, 'test.py', words)
