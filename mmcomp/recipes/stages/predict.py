"""Predictions of a model."""
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mmcomp.errors import CheckpointError, ConfigError, fault
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
        also: ``{name: model}`` of other configs that test on the same data, predicted in the same pass: a sample is
            read once, and what models have alike, such as a frozen tower for frames, runs once. Their tables are
            outputs by these names: ``@stage.name``; the first model's is ``@stage.table``.
        options: Changes to the config, nested as it is; may hold references. Of every model's.
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
    also: Mapping[str, str] | None = takes('model', many=True, optional=True)
    options: Mapping[str, Any] = field(default_factory=dict)

    def declared_outputs(self) -> dict[str, Output]:
        named = isinstance(self.also or {}, Mapping)
        wrong = [name for name in (self.also or {}) if name in self.outputs or not str(name).isidentifier()]
        if not named or wrong:
            raise ConfigError(fault('Predict', 'also', f'models by names other than {", ".join(self.outputs)}',
                                    wrong[0] if named else self.also, 'Write dict(name=\'@stage\').'))
        return self.outputs | {name: Output('table', f'{name}.pkl') for name in self.also or {}}

    def run(self, site: Site) -> str:
        from mmcomp.predictions.tables import read_table, table_files
        files, others = self._files(), {name: Path(model) / 'weights.pth' for name, model in (self.also or {}).items()}
        several = len(files) + len(others) > 1
        outs = table_files(site.folder / ('scores' if several else 'scores.pkl'), [*files, *others.values()])
        if len(site.gpus) > 1:
            self._launch(site, files, others)
        else:
            from mmcomp.apis.prediction import predict_tables
            predict_tables(self._config(self.model), [str(file) for file in files], outs, folder=self.folder,
                           ann=self.ann, image_root=self.image_root, tta=self.tta, logit_adjustment_tau=self.tau,
                           dtype='float16' if self.half else 'float32', batch_size=self.batch_size,
                           others=[(self._config(file.parent), str(file)) for file in others.values()])
        own, rest = outs[:len(files)], outs[len(files):]
        table = read_table(own[0]) if len(own) == 1 else self._combined(own)
        score = self._write(site, 'table', table, 'model')
        for name, out in zip(others, rest):
            self._write(site, name, read_table(out), 'also')
        for out in map(Path, outs):
            out.unlink()
        if score is not None:
            site.told.update(score=score, metric='accuracy')
        said = f' by {len(outs)} {"models" if others else "checkpoints"}' if several else ''
        right = f', {100 * score:.1f} % right' if score is not None else ''
        return f'{len(table)} samples{said}{", with views" if self.tta else ""}{right}'

    def _write(self, site: Site, name: str, table, source: str) -> float | None:
        """Write an output with where it comes from; the accuracy that was recorded, if any."""
        from mmcomp.predictions.tables import write_table
        score = {k: table.origin[k] for k in ('val_score', ) if k in table.origin}
        origin = site.origin(teachers=site.teachers.get(source, []), tta=self.tta, tau=self.tau, **score)
        write_table(replace(table, origin=origin), site.folder / f'{name}.pkl')
        return score.get('val_score')

    def _config(self, model: str | Path):
        from mmcomp.apis import load_config
        return load_config(Path(model) / 'config.py', self.options)

    def _files(self) -> list[Path]:
        """The weights to predict with."""
        if not self.checkpoints:
            return [Path(self.model) / 'weights.pth']
        from mmcomp.checkpoints.soup import find_members
        found = [member for member in find_members(self.model) if member.name != 'weights.pth']
        if len(found) < self.checkpoints:
            raise CheckpointError(fault(self.model, 'checkpoints', f'at most {len(found)}, those that the training '
                                        'kept', self.checkpoints, 'Raise `max_keep_ckpts` of its CheckpointHook.'))
        return found[-self.checkpoints:]

    def _combined(self, outs: list[str]):
        from mmcomp.predictions.ensembles.ensembling import ensemble
        from mmcomp.predictions.ensembles.member_weights import shares
        return ensemble(outs, shares(self.weights, len(outs)), method=self.method)

    def _launch(self, site: Site, files: list[Path], others: Mapping[str, Path]) -> None:
        """One process a GPU."""
        sources = [word for name, value in (('folder', self.folder), ('ann', self.ann), ('image-root', self.image_root))
                   if value for word in (f'--{name}', value)]
        more = ['--checkpoints', *map(str, files[1:])] if len(files) > 1 else []
        for name, file in others.items():
            more += ['--also', self._config_file(site, file.parent, f'launch-{name}.py'), str(file)]
        words = [self._config_file(site, self.model, 'launch.py'), str(files[0]), *more,
                 '--out', str(site.folder / ('scores' if more else 'scores.pkl')), *sources,
                 *(['--tta'] if self.tta else []),
                 *(['--lt', str(self.tau)] if self.tau else []), *(['--dtype', 'float16'] if self.half else []),
                 *(['--batch-size', str(self.batch_size)] if self.batch_size else [])]
        launch(site, 'test.py', words)

    def _config_file(self, site: Site, model: str | Path, name: str) -> str:
        """The config of a model for a tool; with changes it is written anew."""
        if not self.options:
            return f'{model}/config.py'
        self._config(model).dump(str(site.folder / name))
        return str(site.folder / name)
