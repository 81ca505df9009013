"""What each step of the fine-grained image system adds, one step at a time."""
from dataclasses import dataclass
from pathlib import Path

from mmcomp.annotations import read_list, write_list
from mmcomp.recipes.ladder import Ladder
from mmcomp.recipes.road import Competition, Recipe, clean, ensemble, predict, pseudo, redistribute, soup, split, train
from mmcomp.recipes.work_folder import WorkFolder


@dataclass(frozen=True)
class Effort:
    """Epochs of the trainings."""
    pretrain: int = 20
    swin: int = 20
    vit: int = 30


class Climb:
    """One seed's trainings and predictions.

    Args:
        work: The work folder.
        root: The data: ``train``, ``test``, ``meta``, ``truth``, as
            :func:`mmcomp.testing.omniglot.write_omniglot` leaves them.
        configs: The folder of ``digits-*.py``, whose models serve here too.
        effort: Epochs.
        seed: Of folds and trainings.
    """

    def __init__(self, work: WorkFolder, root: Path, configs: Path, effort: Effort, seed: int):
        self.work, self.root, self.seed = work, root, seed
        names = root / 'meta/classes.txt'
        self.classes = names.read_text(encoding='utf-8').splitlines()
        self.images = Competition(root, names, len(self.classes))
        swin = Recipe(configs / 'digits-swin.py', self.images.class_options())
        self.arc = swin.but(train_cfg__max_epochs=effort.swin)
        linear = dict(_delete_=True, type='LogitAdjustedLinearHead', in_channels=128, num_classes=len(self.classes))
        self.linear = self.arc.but(model__head=linear)
        head = dict(_delete_=True, type='ArcFaceHead', in_channels=64, num_classes=len(self.classes), num_subcenters=2,
                    scale=16., margin_range=(.05, .3))
        vit = Recipe(configs / 'digits-vit.py', self.images.class_options()).but(model__head=head)
        weights = self._pretrain(Recipe(configs / 'digits-mae.py').but(train_cfg__max_epochs=effort.pretrain))
        self.vit = vit.but(train_cfg__max_epochs=effort.vit, model__backbone__init_cfg__checkpoint=str(weights))

    def _pretrain(self, recipe: Recipe) -> Path:
        """Weights of a masked autoencoder trained on all images."""
        paths, _ = read_list(self.root / 'meta/train.txt')
        ann = self.work / 'lists/mae.txt'
        names = sorted(p.name for p in (self.root / 'test').glob('*.png'))
        write_list(ann, [f'train/{p}' for p in paths] + [f'test/{n}' for n in names])
        recipe = Recipe(recipe.config, {**recipe.options, **self.images.options(ann)})
        return soup(self.work, train(self.work, 'mae', recipe, [ann], self.seed), last=1)

    def fit(self, name: str, recipe: Recipe, rows: Path) -> Path:
        """The work folder of a model trained on a list."""
        whole = Recipe(recipe.config, {**recipe.options, **self.images.options(rows)})
        return train(self.work, name, whole, [rows], self.seed)

    def test(self, name: str, recipe: Recipe, folder: Path, last: int = 5, tta: bool = True) -> Path:
        """Predictions of the test set by a soup."""
        weights = soup(self.work, folder, last)
        return predict(self.work, name, recipe, weights, folder=self.root / 'test', tta=tta)

    def weights(self, members: list[tuple[str, Recipe, Path]]) -> list[float]:
        """Weights of an ensemble from the members' accuracies on the validation list."""
        from mmcomp.predictions.member_weights import accuracy_weights
        from mmcomp.predictions.tables import read_table
        ann, root = self.root / 'meta/val.txt', self.root / 'train'
        tables = [predict(self.work, f'{name}-val', recipe, soup(self.work, folder), ann=ann, image_root=root, tta=True)
                  for name, recipe, folder in members]
        return accuracy_weights([max(read_table(t).origin['val_score'], .01) for t in tables], 2.).tolist()


def run_ladder(work: WorkFolder, root: Path, configs: Path, effort: Effort, seed: int = 0) -> Ladder:
    """Train and score every rung. See :class:`Climb`; nothing is chosen by the test set's truth."""
    climb, noisy = Climb(work, root, configs, effort, seed), root / 'meta/train.txt'
    ladder, arc, vit = Ladder(root / 'truth/test.txt', climb.classes), climb.arc, climb.vit

    work.say('the labels as they came')
    folder = climb.fit('swin-ce', climb.linear, noisy)
    ladder.add('Swin V2, cross entropy', climb.test('swin-ce', climb.linear, folder, 1, tta=False))
    folder = climb.fit('swin-arc', arc, noisy)
    ladder.add('ArcFace, 2 sub-centres', climb.test('swin-arc-last', arc, folder, 1, tta=False))
    ladder.add('soup of 5', climb.test('swin-arc-soup', arc, folder, tta=False))
    ladder.add('5 views', climb.test('swin-arc', arc, folder))

    work.say('the second model')
    other = climb.fit('vit', vit, noisy)
    tables = [climb.test('swin-arc', arc, folder), climb.test('vit', vit, other)]
    ladder.add('(MAE ViT alone)', tables[1])
    shares = climb.weights([('swin-arc', arc, folder), ('vit', vit, other)])
    ladder.add('ensemble of both', ensemble(work, 'both', tables, shares), over='5 views')

    work.say('wrong labels')
    held_out = []
    for i, (seen, unseen) in enumerate(split(work, noisy, 2, seed)):
        weights = soup(work, climb.fit(f'fold{i}', arc, seen))
        held_out.append(predict(work, f'fold{i}', arc, weights, ann=unseen, image_root=root / 'train', tta=True))
    cleaned = clean(work, 'clean', noisy, held_out, max_fraction=.15)
    first = climb.test('swin-clean', arc, climb.fit('swin-clean', arc, cleaned))
    both = ensemble(work, 'both-clean', [first, tables[1]], shares)
    ladder.add('wrong labels dropped, Swin V2 trained again', both)

    dropped = ladder.rungs[-1].name

    work.say('pseudo labels')
    for name, balanced in (('raw', False), ('even', True)):
        more = pseudo(work, f'pseudo-{name}', both, cleaned, balanced=balanced)
        again = climb.test(f'swin-{name}', arc, climb.fit(f'swin-{name}', arc, more))
        result = ensemble(work, f'both-{name}', [again, tables[1]], shares)
        ladder.add(f'{name} pseudo labels, Swin V2 trained again', result, over=dropped)

    work.say('re-distribution')
    per_class = len(ladder.truth) // len(climb.classes)
    for stage, table, over in (('without pseudo labels', both, dropped),
                               ('after even pseudo labels', result, ladder.rungs[-1].name)):
        for method, floor in (('greedy', max(1, per_class - 1)), ('sinkhorn', None), ('balanced', None)):
            labels = redistribute(work, f'{table.stem}-{method}', table, method, floor)
            ladder.add(f'{method} re-distribution, {stage}', labels, over=over)
    return ladder
