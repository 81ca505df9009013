"""A recipe's work folder as a run leaves it, made up without training: for looking at reports and testing them."""
import hashlib
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np

from mmcomp.annotations import write_list
from mmcomp.files import write_json
from mmcomp.predictions.counts.redistribution import redistribute
from mmcomp.predictions.ensembles.ensembling import ensemble
from mmcomp.predictions.labels.label_files import names_of, write_labels
from mmcomp.predictions.tables import read_table, write_table
from mmcomp.recipes.ladder import Ladder
from mmcomp.recipes.ledger import Ledger
from mmcomp.structures import PredictionTable

VERSIONS = {'python': '3.11.9', 'mmcomp': '0.1.0', 'torch': '2.11.0', 'numpy': '2.4.0', 'onedl-mmengine': '0.10.12'}
BACKBONES = ('swin_v2_base', 'swin_v2_large', 'vit_large', 'vit_huge', 'convnext_large', 'eva02_large', 'beit_large',
             'maxvit_base', 'efficientnet_v2', 'regnety_160')
KINDS = {
    'Prepare': dict(train=('annotations', 'train.txt'), classes=('file', 'classes.txt')),
    'Command': dict(images=('folder', 'images'), truth=('annotations', 'truth.txt')),
    'Split': dict(train=('annotations', 'train.txt'), val=('annotations', 'val.txt')),
    'Train': dict(model=('model', '.'), weights=('weights', 'weights.pth')),
    'Predict': dict(table=('table', 'table.pkl')), 'Ensemble': dict(table=('table', 'table.pkl')),
    'Clean': dict(ann=('annotations', 'train.txt'), patch=('file', 'patch.csv')),
    'Redistribute': dict(labels=('labels', 'labels.csv')), 'Submit': dict(submission=('submission', 'submission.csv')),
    'Score': dict(ladder=('ladder', 'ladder.json')),
}


class FakeRun:
    """Writes a work folder stage by stage.

    Args:
        folder: Where.
        models: Backbones and seeds, each trained on every fold.
        folds: Folds.
        classes: Class names, or how many.
        train: Training samples.
        test: Test samples.
        steps: Logged iterations of a training.
        images: Write a small picture for every test sample.
        broken: Names of instances that fail; what needs them is blocked.
        seed: Of everything.
    """

    def __init__(self, folder: Path, models: int = 4, folds: int = 3, classes=12, train: int = 240, test: int = 180,
                 steps: int = 50, images: bool = True, broken: tuple[str, ...] = (), seed: int = 0):
        self.folder, self.rng, self.broken = Path(folder), np.random.default_rng(seed), broken
        self.names = [f'class_{i:03d}' for i in range(classes)] if isinstance(classes, int) else list(classes)
        self.models, self.folds, self.steps, self.images = models, folds, steps, images
        self.train = [f'train/{i:05d}.png' for i in range(train)], self._labels(train)
        self.test = [f'{i:05d}.png' for i in range(test)], np.arange(test) % len(self.names)
        self.instances: list[dict] = []
        self.clock = 1.75e9

    def write(self) -> Path:
        """Everything; returns the folder."""
        members = [dict(backbone=BACKBONES[i % len(BACKBONES)], seed=i // len(BACKBONES)) for i in range(self.models)]
        self._data()
        for axes in (dict(fold=f) for f in range(self.folds)):
            self._stage('split', 'Split', axes, dict(ann='@data.train', folds=self.folds, **axes), self._split)
        for at, member in enumerate(members):
            for fold in range(self.folds):
                self._member(dict(member, fold=fold), .75 + .15 * at / max(self.models - 1, 1))
        look = [i['name'] for i in self.instances if i['base'] == 'look']
        first = [name for name in look if name.endswith('fold0')][:1]
        self._stage('together', 'Ensemble', {}, dict(tables=[f'@{name}.table' for name in look]), self._together)
        self._stage('even', 'Redistribute', {}, dict(table='@together.table', method='balanced'), self._even)
        self._stage('submission', 'Submit', {}, dict(predictions='@even.labels'), self._submit)
        steps = {'one model, one fold': f'@{first[0]}.table', 'all models and folds': '@together.table',
                 'labels re-distributed': '@even.labels'} if first else {}
        self._stage('score', 'Score', {}, dict(truth='@test.truth', classes='@data.classes', steps=steps), self._score)
        plan = dict(title='Fine-grained <b>images</b>', recipe='configs/made_up/recipe.py', instances=self.instances)
        write_json(self.folder / 'plan.json', plan)
        ledger = Ledger(self.folder / 'ledger.db')
        run = ledger.begin('mmcomp run configs/made_up/recipe.py --jobs 4', 'recipe.py', VERSIONS, '0123456789ab+')
        ledger.end(run, 'failed' if self.broken else 'done')
        return self.folder

    # ------------------------------------------------------------ stages

    def _data(self) -> None:
        def data(path):
            write_list(path / 'train.txt', *self.train)
            (path / 'classes.txt').write_text('\n'.join(self.names) + '\n', encoding='utf-8')

        def test(path):
            (path / 'images').mkdir()
            write_list(path / 'truth.txt', *self.test)
            if self.images:
                self._pictures(path / 'images')
        self._stage('data', 'Prepare', {}, dict(root='.'), data)
        self._stage('test', 'Command', {}, dict(command=['fetch', '{out}']), test)

    def _member(self, axes: dict, skill: float) -> None:
        name = '-'.join(f'{axis}{value}' for axis, value in axes.items())
        settings = dict(config=f'configs/made_up/{axes["backbone"]}.py', ann=f'@split-fold{axes["fold"]}.train')
        self._stage('train', 'Train', axes, settings, lambda path: self._log(path, skill))
        held = f'@split-fold{axes["fold"]}.val'

        def table(ids, labels, path):
            write_table(self._table(ids, labels, skill), path / 'table.pkl')

        def hold(path):
            table(*self._held(axes['fold']), path)
        self._stage('hold', 'Predict', axes, dict(model=f'@train-{name}.model', ann=held), hold)
        self._stage('look', 'Predict', axes, dict(model=f'@train-{name}.model', folder='@test.images'),
                    lambda path: table(*self.test, path))

    def _held(self, fold: int) -> tuple[list[str], np.ndarray]:
        rows = np.arange(len(self.train[0])) % self.folds == fold
        return [self.train[0][i] for i in np.flatnonzero(rows)], self.train[1][rows]

    def _split(self, path: Path, fold: int | None = None) -> None:
        fold = int(path.parent.name.removeprefix('split-fold'))
        held = self._held(fold)
        write_list(path / 'val.txt', *held)
        kept = [i for i in range(len(self.train[0])) if i % self.folds != fold]
        write_list(path / 'train.txt', [self.train[0][i] for i in kept], self.train[1][kept])

    def _together(self, path: Path) -> None:
        tables = [self._path(i['name']) / 'table.pkl' for i in self.instances if i['base'] == 'look']
        table = ensemble(tables)
        write_table(PredictionTable(table.ids, table.scores, table.kind, table.classes,
                                    dict(weights=[1 / len(tables)] * len(tables))), path / 'table.pkl')

    def _even(self, path: Path) -> None:
        table = read_table(self._path('together') / 'table.pkl')
        write_labels(path / 'labels.csv', table.ids, names_of(table, redistribute(table, 'balanced')))

    def _submit(self, path: Path) -> None:
        text = (self._path('even') / 'labels.csv').read_text(encoding='utf-8')
        (path / 'submission.csv').write_text(f'filename,class\n{text}', encoding='utf-8')

    def _score(self, path: Path) -> None:
        ladder = Ladder(self._path('test') / 'truth.txt', self.names)
        for name, reference in self.instances[-1]['settings']['steps'].items():
            instance, _, output = reference[1:].rpartition('.')
            ladder.add(name, self._path(instance) / ('labels.csv' if output == 'labels' else 'table.pkl'))
        write_json(path / 'ladder.json', [asdict(rung) for rung in ladder.rungs])

    # ------------------------------------------------------------ what they are made of

    def _labels(self, count: int) -> np.ndarray:
        share = np.geomspace(4, 1, len(self.names))
        return self.rng.choice(len(self.names), count, p=share / share.sum())

    def _table(self, ids, labels: np.ndarray, skill: float) -> PredictionTable:
        """Scores that are right more often for a greater skill, and less for the first classes."""
        hard = np.linspace(-.25, .15, len(self.names))
        # Part of what misleads a model misleads all of them.
        shared = np.random.default_rng(len(ids)).normal(size=(len(ids), len(self.names)))
        logits = 1.5 * shared + self.rng.normal(size=shared.shape)
        logits[np.arange(len(ids)), labels] += 5 * np.clip(skill + hard[labels], .05, 1)
        # A class is often taken for its neighbour.
        logits[np.arange(len(ids)), (labels + 1) % len(self.names)] += 1.
        scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        return PredictionTable(ids, scores.astype(np.float32), 'probability', tuple(self.names))

    def _log(self, path: Path, skill: float) -> None:
        (path / 'weights.pth').write_bytes(b'0')
        (path / 'config.py').write_text('', encoding='utf-8')
        (path / 'log/vis_data').mkdir(parents=True)
        lines, each = [], max(1, self.steps // 10)
        noise = self.rng.normal(size=self.steps + 1) * .15
        for step in range(1, self.steps + 1):
            loss = 4 * np.exp(-3 * skill * step / self.steps) + noise[step]
            at = dict(iter=step * 10, step=step * 10, epoch=1 + step // each)
            lines.append(dict(lr=.001, loss=float(loss), time=.1, **at))
            if step % each == 0:
                top1 = 100 * (skill + .2) * (1 - np.exp(-4 * step / self.steps))
                lines.append({'accuracy/top1': float(top1), 'step': step // each})
        (path / 'log/vis_data/scalars.json').write_text('\n'.join(map(json.dumps, lines)), encoding='utf-8')

    def _pictures(self, folder: Path) -> None:
        from PIL import Image
        colours = self.rng.integers(0, 255, (len(self.names), 2, 3))
        for name, label in zip(*self.test, strict=True):
            ramp = np.linspace(0, 1, 96)[:, None, None] * np.ones((1, 128, 1))
            pixels = colours[label][0] * ramp + colours[label][1] * (1 - ramp) + self.rng.normal(0, 12, (96, 128, 3))
            Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / name)

    # ------------------------------------------------------------ bookkeeping

    def _path(self, name: str) -> Path:
        return self.folder / next(i['folder'] for i in self.instances if i['name'] == name)

    def _stage(self, base: str, type_: str, axes: dict, settings: dict, make) -> None:
        name = '-'.join([base, *(f'{axis}{value}' for axis, value in axes.items())])
        key = hashlib.sha256(name.encode()).hexdigest()[:16]
        said = json.dumps(settings)
        needs = [i['name'] for i in self.instances if f'"@{i["name"]}.' in said]
        instance = dict(name=name, base=base, axes=axes, type=type_, key=key, folder=f'stages/{name}/{key[:8]}',
                        needs=needs, gpus=0, outputs={k: list(v) for k, v in KINDS[type_].items()}, settings=settings)
        self.instances.append(instance)
        path = self.folder / instance['folder']
        states = {i['name']: (self.folder / i['folder'] / 'stage.json').exists() for i in self.instances}
        if not all(states[need] for need in needs) or any(need in self.broken for need in needs):
            return
        path.mkdir(parents=True)
        seconds = round(float(self.rng.uniform(2000, 9000) if type_ == 'Train' else self.rng.uniform(1, 90)), 1)
        record = dict(stage=name, type=type_, key=key, parts=dict(config=key[::-1], code='c0de' * 4), settings=settings,
                      sources=[], versions=VERSIONS, started=self.clock, seconds=seconds)
        self.clock += seconds
        if name in self.broken:
            lines = [f'line {i}' for i in range(30)] + ['RuntimeError: <b>no luck</b>']
            (path / 'log.txt').write_text('\n'.join(lines), encoding='utf-8')
            write_json(path / 'stage.json', dict(record, state='failed', reason='RuntimeError: <b>no luck</b>'))
            return
        make(path)
        files = {k: [dict(name=p.name, size=p.stat().st_size, sha256=hashlib.sha256(p.read_bytes()).hexdigest())
                     for p in [path / n] if p.is_file()] for k, (_, n) in instance['outputs'].items()}
        outputs = {k: dict(kind=instance['outputs'][k][0], files=f) for k, f in files.items()}
        write_json(path / 'stage.json', dict(record, state='done', note=f'{type_} of {name}', outputs=outputs))


def write_fake_run(folder: Path, **settings) -> Path:
    """:class:`FakeRun` in one call; returns the folder."""
    return FakeRun(folder, **settings).write()
