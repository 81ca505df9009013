"""Predictions of a model."""
from dataclasses import dataclass, replace
from pathlib import Path

from mmcomp.recipes.stage import STAGES, Output, Site, Stage, takes
from mmcomp.recipes.stages.launching import launch


@STAGES.register_module()
@dataclass(frozen=True)
class Predict(Stage):
    """Predict a folder of images or a list; without either what the config tests on.

    Args:
        model: A :class:`Train` or :class:`Soup`.
        folder: Images without labels.
        ann: Or a list; its accuracy is recorded in the table.
        image_root: Where the paths of ``ann`` start.
        tta: Average the config's test-time views.
        tau: Subtract so many log priors of the training labels.
        half: Store float16.
        batch_size: Samples a batch and GPU, by default the config's.
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

    def run(self, site: Site) -> str:
        from mmcomp.predictions.tables import read_table, write_table
        out = site.folder / 'scores.pkl'
        if len(site.gpus) > 1:
            self._launch(site, out)
        else:
            from mmcomp.apis import load_config, predict_table
            predict_table(load_config(Path(self.model) / 'config.py'), str(Path(self.model) / 'weights.pth'), str(out),
                          folder=self.folder, ann=self.ann, image_root=self.image_root, tta=self.tta,
                          logit_adjustment_tau=self.tau, dtype='float16' if self.half else 'float32',
                          batch_size=self.batch_size)
        table = read_table(out)
        score = {k: table.origin[k] for k in ('val_score', ) if k in table.origin}
        origin = site.origin(teachers=site.teachers.get('model', []), tta=self.tta, tau=self.tau, **score)
        write_table(replace(table, origin=origin), site.folder / 'table.pkl')
        out.unlink()
        if score:
            site.told.update(score=score['val_score'], metric='accuracy')
        right = f', {100 * score["val_score"]:.1f} % right' if score else ''
        return f'{len(table)} samples{", with views" if self.tta else ""}{right}'

    def _launch(self, site: Site, out: Path) -> None:
        """One process a GPU."""
        sources = [word for name, value in (('folder', self.folder), ('ann', self.ann), ('image-root', self.image_root))
                   if value for word in (f'--{name}', value)]
        words = [f'{self.model}/config.py', f'{self.model}/weights.pth', '--out', str(out), *sources,
                 *(['--tta'] if self.tta else []),
                 *(['--lt', str(self.tau)] if self.tau else []), *(['--dtype', 'float16'] if self.half else []),
                 *(['--batch-size', str(self.batch_size)] if self.batch_size else [])]
        launch(site, 'test.py', words)
