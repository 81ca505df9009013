"""What each step of the fine-grained image system adds, one step at a time."""
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mmcomp.annotations import read_list, write_list
from mmcomp.predictions.ensembles.member_weights import second_share
from mmcomp.recipes.ladder import Ladder
from mmcomp.recipes.road import (
    Competition,
    Recipe,
    clean,
    ensemble,
    predict,
    pseudo,
    redistribute,
    soup,
    train,
)
from mmcomp.recipes.work_folder import WorkFolder


@dataclass(frozen=True)
class Effort:
    """Epochs of the trainings."""
    pretrain: int = 10
    swin: int = 20
    vit: int = 12
    again: int = 6


@dataclass(frozen=True)
class Model:
    """A training, and what it was trained with."""
    name: str
    recipe: Recipe
    folder: Path


class Climb:
    """One seed's trainings and predictions.

    Args:
        work: The work folder.
        root: The data: ``train``, ``test``, ``meta``, ``truth``, as
            :func:`mmcomp.testing.proofs.omniglot.write_omniglot` leaves them.
        configs: The folder of ``digits-*.py``, whose models serve here too.
        effort: Epochs.
        seed: Of the trainings.
    """

    def __init__(self, work: WorkFolder, root: Path, configs: Path, effort: Effort, seed: int):
        self.work, self.root, self.seed = work, root, seed
        names = root / 'meta/classes.txt'
        self.classes = names.read_text(encoding='utf-8').splitlines()
        self.images = Competition(root, names, len(self.classes))
        self.arc = self._recipe(configs / 'digits-swin.py', effort.swin)
        self.again = self.arc.but(train_cfg__max_epochs=effort.again, optim_wrapper__optimizer__lr=1e-3)
        linear = dict(_delete_=True, type='LogitAdjustedLinearHead', in_channels=128, num_classes=len(self.classes))
        self.linear = self.arc.but(model__head=linear)
        weights = self._pretrain(Recipe(configs / 'digits-mae.py').but(train_cfg__max_epochs=effort.pretrain))
        head = dict(_delete_=True, type='ArcFaceHead', in_channels=64, num_classes=len(self.classes), num_subcenters=2,
                    scale=16., margin_range=(.05, .3))
        self.vit = self._recipe(configs / 'digits-vit.py', effort.vit).but(
            model__head=head, model__backbone__init_cfg__checkpoint=str(weights))

    def _recipe(self, config: Path, epochs: int) -> Recipe:
        """A recipe of the demo, with larger batches and steps."""
        return Recipe(config, self.images.class_options()).but(
            train_cfg__max_epochs=epochs, train_dataloader__batch_size=32, optim_wrapper__optimizer__lr=2e-3)

    def _pretrain(self, recipe: Recipe) -> Path:
        """Weights of a masked autoencoder trained on all images."""
        paths, _ = read_list(self.root / 'meta/train.txt')
        ann = self.work / 'lists/mae.txt'
        names = sorted(p.name for p in (self.root / 'test').glob('*.png'))
        write_list(ann, [f'train/{p}' for p in paths] + [f'test/{n}' for n in names])
        recipe = Recipe(recipe.config, {**recipe.options, **self.images.options(ann)})
        return soup(self.work, train(self.work, 'mae', recipe, [ann], self.seed), last=1)

    def fit(self, name: str, recipe: Recipe, rows: Path, start: Path | None = None) -> Model:
        """A model trained on a list, from the weights ``start`` if given."""
        begin = {'load_from': str(start)} if start else {}
        whole = Recipe(recipe.config, {**recipe.options, **begin, **self.images.options(rows)})
        return Model(name, recipe, train(self.work, name, whole, [rows, *([start] if start else [])], self.seed))

    def train_on(self, name: str, model: Model, rows: Path) -> Model:
        """A model trained some epochs more, from its soup."""
        return self.fit(name, self.again, rows, soup(self.work, model.folder))

    def test(self, model: Model, last: int = 5, tta: bool = True) -> Path:
        """Predictions of the test set, by default of a soup that looks at five views."""
        name = f'{model.name}-{last}{"-views" if tta else ""}'
        weights = soup(self.work, model.folder, last)
        return predict(self.work, name, model.recipe, weights, folder=self.root / 'test', tta=tta)

    def val(self, model: Model) -> Path:
        """Predictions of the validation list, as :meth:`test` makes those of the test set."""
        weights, rows = soup(self.work, model.folder), self.root / 'meta/val.txt'
        return predict(self.work, f'{model.name}-val', model.recipe, weights, ann=rows,
                       image_root=self.root / 'train', tta=True)

    def best(self, what: str, models: Mapping[str, Model]) -> str:
        """The name of the model with the highest validation accuracy, the first of equals."""
        from mmcomp.predictions.tables import read_table
        scores = {name: read_table(self.val(model)).origin['val_score'] for name, model in models.items()}
        best = max(scores, key=scores.get)
        listed = ', '.join(f'{name} {100 * score:.1f} %' for name, score in scores.items())
        self.work.say(f'  {what} by validation accuracy: {best} ({listed})')
        return best


def run_ladder(work: WorkFolder, root: Path, configs: Path, effort: Effort, seed: int = 0,
               raw: bool = False) -> Ladder:
    """Train and score every rung. See :class:`Climb`.

    Nothing is chosen by the test set's truth: where there are several ways,
    each has a rung in brackets, and the validation list decides which of them,
    or none, the road goes on with. ``raw`` is one more training, on pseudo
    labels that are not evened out.
    """
    climb, noisy = Climb(work, root, configs, effort, seed), root / 'meta/train.txt'
    ladder = Ladder(root / 'truth/test.txt', climb.classes)

    work.say('the labels as they came')
    model = climb.fit('swin-ce', climb.linear, noisy)
    ladder.add('Swin V2, cross entropy', climb.test(model, 1, tta=False))
    swin = climb.fit('swin-arc', climb.arc, noisy)
    ladder.add('ArcFace, 2 sub-centres', climb.test(swin, 1, tta=False))
    ladder.add('soup of 5', climb.test(swin, tta=False))
    ladder.add('5 views', climb.test(swin))

    work.say('the second model')
    vit = climb.fit('vit', climb.vit, noisy)
    ladder.add('(MAE ViT alone)', climb.test(vit))
    share = second_share(climb.val(swin), climb.val(vit), root / 'meta/val.txt')
    work.say(f'  share of the ViT by validation likelihood: {share:.2f}')

    def with_vit(of: Model) -> Path:
        return ensemble(work, f'{of.name}-vit', [climb.test(of), climb.test(vit)], [1 - share, share])

    ladder.add('ensemble of both', with_vit(swin), over='5 views')

    work.say('wrong labels')
    # Of the model's own rows: with some seven a class, a half would teach too little to judge the other, and a model
    # this short of training has not learnt the wrong labels by heart.
    seen = predict(work, 'swin-arc-train', climb.arc, soup(work, swin.folder), ann=noisy, image_root=root / 'train',
                   tta=True)
    cleaned = clean(work, 'dropped', noisy, [seen], 'low_confidence', max_fraction=.1)
    lists, models, on = {'as they came': noisy, 'dropped': cleaned}, {}, 'ensemble of both'
    # Both train as long again, or the gain of better labels would be that of more epochs.
    for (name, rows), folder in zip(lists.items(), ('swin-longer', 'swin-dropped'), strict=True):
        models[name] = climb.train_on(folder, swin, rows)
        ladder.add(f'({effort.again} more epochs, wrong labels {name})', with_vit(models[name]), over=on)
        on = ladder.rungs[-1].name
    kept = climb.best('labels', models)
    before = 'more epochs, labels by validation'
    ladder.add(before, with_vit(models[kept]), over='ensemble of both')

    work.say('pseudo labels')
    again = {'none': models[kept]}
    for name in ('even', 'raw') if raw else ('even', ):
        more = pseudo(work, f'pseudo-{name}', with_vit(models[kept]), lists[kept], balanced=name == 'even')
        again[name] = climb.train_on(f'swin-{name}', swin, more)
        ladder.add(f'({name} pseudo labels, from the same start)', with_vit(again[name]), over=before)
    after, table = 'pseudo labels by validation', with_vit(again[climb.best('pseudo labels', again)])
    ladder.add(after, table, over=before)

    work.say('re-distribution')
    per_class = len(ladder.truth) // len(climb.classes)
    for method, floor in (('greedy', max(1, per_class - 1)), ('sinkhorn', None), ('balanced', None)):
        labels = redistribute(work, f'final-{method}', table, method, floor)
        ladder.add(f'{method} re-distribution', labels, over=after)
    return ladder
