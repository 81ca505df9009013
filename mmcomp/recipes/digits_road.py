"""The demo: from noisy digits to a submission in seven small trainings."""
from dataclasses import dataclass
from pathlib import Path

from mmcomp.annotations import read_list, write_list
from mmcomp.files import atomic_open
from mmcomp.recipes.ladder import Ladder
from mmcomp.recipes.road import (
    Competition,
    Recipe,
    clean,
    ensemble,
    predict,
    pseudo,
    redistribute,
    second_share,
    soup,
    split,
    train,
)
from mmcomp.recipes.road import submission as write_submission
from mmcomp.recipes.work_folder import WorkFolder


@dataclass(frozen=True)
class Effort:
    """Epochs of the trainings."""
    pretrain: int = 15
    fold: int = 30
    swin: int = 20
    vit: int = 30


QUICK = Effort(pretrain=2, fold=2, swin=2, vit=2)
LINEAR = dict(_delete_=True, type='LogitAdjustedLinearHead', num_classes=10, in_channels=128)


@dataclass(frozen=True)
class Result:
    """The ladder of the road and what it left."""
    ladder: Ladder
    ensemble: Path
    labels: Path
    submission: Path


def write_extras(root: Path) -> None:
    """What the road needs beside the data: unlabelled list, class names, a sample submission."""
    train_paths, _ = read_list(root / 'meta/train.txt')
    test_names = sorted(p.name for p in (root / 'test').glob('*.png'))
    write_list(root / 'meta/mae.txt', [f'train/{p}' for p in train_paths] + [f'test/{n}' for n in test_names])
    for path, lines in (('meta/classes.txt', map(str, range(10))),
                        ('sample_submission.csv', ['filename,class', *(f'{n},0' for n in test_names)])):
        with atomic_open(root / path) as file:
            file.writelines(f'{line}\n' for line in lines)


def run_road(work: WorkFolder, root: Path, configs: Path, effort: Effort, seed: int = 0) -> Result:
    """Everything from pre-training to the submission.

    Args:
        work: The work folder.
        root: The data, see :func:`mmcomp.testing.digits.write_digits` and :func:`write_extras`.
        configs: The folder of ``digits-*.py``.
        effort: Epochs.
        seed: Of folds and trainings.
    """
    digits, test = Competition(root, root / 'meta/classes.txt', 10), root / 'test'
    noisy, val = root / 'meta/train.txt', root / 'meta/val.txt'
    classes = digits.classes.read_text(encoding='utf-8').split()
    ladder = Ladder(root / 'truth/test.txt', classes)
    swin = Recipe(configs / 'digits-swin.py', digits.class_options()).but(train_cfg__max_epochs=effort.swin)
    plain = swin.but(model__head=LINEAR)
    vit = Recipe(configs / 'digits-vit.py', digits.class_options()).but(train_cfg__max_epochs=effort.vit)

    work.say('1. Pre-train a ViT on all images without labels (masked autoencoder)')
    mae_list = root / 'meta/mae.txt'
    mae = Recipe(configs / 'digits-mae.py', digits.options(mae_list)).but(train_cfg__max_epochs=effort.pretrain)
    mae_weights = soup(work, train(work, 'mae', mae, [mae_list], seed), last=1)
    vit = vit.but(model__backbone__init_cfg__checkpoint=str(mae_weights))

    def fit(name: str, recipe: Recipe, ann: Path) -> Path:
        recipe = Recipe(recipe.config, {**recipe.options, **digits.options(ann)})
        return train(work, name, recipe, [ann, mae_weights], seed)

    work.say('2. Start with one Swin V2 on the labels as they came')
    folder = fit('swin-noisy', plain, noisy)
    baseline = predict(work, 'swin-noisy', plain, soup(work, folder, 1), folder=test)
    ladder.add('one Swin V2, cross entropy, labels as they came', baseline)

    work.say('3. Find wrong labels: two more, each judging the half it has not seen')
    half = swin.but(train_cfg__max_epochs=effort.fold)
    tables = []
    for i, (seen, unseen) in enumerate(split(work, noisy, 2, seed)):
        weights = soup(work, fit(f'fold{i}', half, seen))
        tables.append(predict(work, f'fold{i}', half, weights, ann=unseen, image_root=root / 'train', tta=True))
    cleaned = clean(work, 'clean', noisy, tables, action='relabel', max_fraction=.3)

    work.say('4. Train on the labels that are left; average the last checkpoints; average views of each test image')
    folder = fit('swin', swin, cleaned)
    ladder.add('ArcFace, wrong labels mended', predict(work, 'swin-last', swin, soup(work, folder, 1), folder=test))
    weights = soup(work, folder)
    ladder.add('soup of 5 checkpoints', predict(work, 'swin-soup', swin, weights, folder=test))
    first = predict(work, 'swin', swin, weights, folder=test, tta=True)
    ladder.add('5 views of each image', first)

    work.say('5. Add the ViT')
    other = soup(work, fit('vit', vit, cleaned))
    second = predict(work, 'vit', vit, other, folder=test, tta=True)
    share = second_share(*(predict(work, f'{name}-val', recipe, model, ann=val, image_root=root / 'train', tta=True)
                           for name, recipe, model in (('swin', swin, weights), ('vit', vit, other))), val)
    work.say(f'  share of the ViT by the likelihood of the validation labels: {share:.2f}')
    both = ensemble(work, 'ensemble', [first, second], [1 - share, share])
    ladder.add('with the ViT', both)

    work.say('6. Label the test images that the two are sure of, and train again')
    more = pseudo(work, 'pseudo', both, cleaned)
    again = predict(work, 'swin-pseudo', swin, soup(work, fit('swin-pseudo', swin, more)), folder=test, tta=True)
    final = ensemble(work, 'final', [again, second], [1 - share, share])
    ladder.add('trained again on pseudo labels', final)

    work.say('7. The test set holds about as many of each digit: re-distribute the labels, and write the submission')
    labels = redistribute(work, 'final', final)
    ladder.add('labels re-distributed', labels)
    return Result(ladder, final, labels, write_submission(work, labels, root / 'sample_submission.csv'))
