"""What each step of the fine-grained image system adds, one step at a time."""
from dataclasses import dataclass
from pathlib import Path

from mmcomp.annotations import read_list, write_list
from mmcomp.recipes.ladder import Ladder
from mmcomp.recipes.road import Competition, Recipe, clean, ensemble, predict, pseudo, redistribute, soup, split, train
from mmcomp.recipes.work_folder import WorkFolder


@dataclass(frozen=True)
class Effort:
    """Epochs of the trainings, and images a batch."""
    pretrain: int = 20
    fit: int = 25
    batch_size: int = 32


def run_ladder(work: WorkFolder, root: Path, configs: Path, effort: Effort, seed: int = 0) -> Ladder:
    """Train and score every rung.

    Args:
        work: The work folder.
        root: The data: ``train``, ``test``, ``meta``, ``truth``, as
            :func:`mmcomp.testing.omniglot.write_omniglot` leaves them.
        configs: The folder of ``digits-*.py``, whose models serve here too.
        effort: Epochs.
        seed: Of folds and trainings.
    """
    classes = (root / 'meta/classes.txt').read_text(encoding='utf-8').splitlines()
    images = Competition(root, root / 'meta/classes.txt', len(classes))
    noisy, test, ladder = root / 'meta/train.txt', root / 'test', Ladder(root / 'truth/test.txt', classes)
    fit = Recipe(configs / 'digits-swin.py', images.class_options()).but(
        train_cfg__max_epochs=effort.fit, train_dataloader__batch_size=effort.batch_size)
    arc = fit.but(model__head__scale=30.)
    linear = fit.but(model__head=dict(_delete_=True, type='LogitAdjustedLinearHead', in_channels=128,
                                      num_classes=len(classes)))
    vit = Recipe(configs / 'digits-vit.py', fit.options).but(
        model__backbone__init_cfg__checkpoint=str(_pretrain(work, images, configs, effort, seed)))

    def predicted(name: str, recipe: Recipe, ann: Path, tta: bool = True, last: int = 5, **source) -> Path:
        """Predictions of a model trained on a list, by default of the test set."""
        whole = Recipe(recipe.config, {**recipe.options, **images.options(ann)})
        weights = soup(work, train(work, name, whole, [ann], seed), last)
        table = name + ('' if tta else f'-{last}-plain')
        return predict(work, table, recipe, weights, tta=tta, **(source or dict(folder=test)))

    work.say('one model after the other on the labels as they came')
    ladder.add('Swin V2, cross entropy', predicted('swin-ce', linear, noisy, tta=False, last=1))
    ladder.add('ArcFace, 2 sub-centres', predicted('swin-arc', arc, noisy, tta=False, last=1))
    ladder.add('soup of 5', predicted('swin-arc', arc, noisy, tta=False))
    swin_table = predicted('swin-arc', arc, noisy)
    ladder.add('5 views', swin_table)
    vit_table = predicted('vit', vit, noisy)
    ladder.add('(MAE ViT alone)', vit_table, over='5 views')
    both = ensemble(work, 'both', [swin_table, vit_table])
    ladder.add('ensemble with the MAE ViT', both, over='5 views')

    work.say('wrong labels')
    tables = [predicted(f'fold{i}', vit, seen, ann=unseen, image_root=root / 'train')
              for i, (seen, unseen) in enumerate(split(work, noisy, 2, seed))]
    cleaned = clean(work, 'clean', noisy, tables)
    cleaned_tables = [predicted('swin-clean', arc, cleaned), predicted('vit-clean', vit, cleaned)]
    both_clean = ensemble(work, 'both-clean', cleaned_tables)
    ladder.add('wrong labels dropped, both trained again', both_clean)
    better, list_now = (both_clean, cleaned) if ladder.rungs[-1].gain > 0 else (both, noisy)
    best = ladder.rungs[-1].name if better == both_clean else 'ensemble with the MAE ViT'

    work.say('pseudo labels')
    for name, balanced in (('raw', False), ('even', True)):
        more = pseudo(work, f'pseudo-{name}', better, list_now, balanced=balanced)
        again = [predicted(f'swin-{name}', arc, more), predicted(f'vit-{name}', vit, more)]
        ladder.add(f'pseudo labels, {name}, both trained again', ensemble(work, f'both-{name}', again), over=best)

    work.say('re-distribution')
    per_class = len(ladder.truth) // len(classes)
    for stage, table in (('before pseudo labels', better), ('after even pseudo labels', work / 'tables/both-even.pkl')):
        over = best if table == better else 'pseudo labels, even, both trained again'
        for method, floor in (('greedy', max(1, per_class - 1)), ('sinkhorn', None), ('balanced', None)):
            labels = redistribute(work, f'{table.stem}-{method}', table, method, floor)
            ladder.add(f'{method}, {stage}', labels, over=over)
    return ladder


def _pretrain(work: WorkFolder, images: Competition, configs: Path, effort: Effort, seed: int) -> Path:
    """Weights of a masked autoencoder trained on all images."""
    paths, _ = read_list(images.root / 'meta/train.txt')
    ann = work / 'lists/mae.txt'
    names = sorted(p.name for p in (images.root / 'test').glob('*.png'))
    write_list(ann, [f'train/{p}' for p in paths] + [f'test/{n}' for n in names])
    recipe = Recipe(configs / 'digits-mae.py', images.options(ann)).but(train_cfg__max_epochs=effort.pretrain)
    return soup(work, train(work, 'mae', recipe, [ann], seed), last=1)
