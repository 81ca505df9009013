"""The steps from training lists to labels of the test set, each a file in a work folder.

Every function names its result, returns its path and does nothing if it is
there already (see :class:`mmcomp.recipes.work_folder.WorkFolder`).
"""
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from mmcomp.recipes.work_folder import WorkFolder


@dataclass(frozen=True)
class Recipe:
    """A config file and what to change in it, by dotted keys as of ``--cfg-options``."""
    config: Path
    options: dict = field(default_factory=dict)

    def but(self, **options) -> 'Recipe':
        """With more options; ``__`` stands for a dot: ``but(train_cfg__max_epochs=2)``."""
        return replace(self, options={**self.options, **{k.replace('__', '.'): v for k, v in options.items()}})

    def files(self) -> list[Path]:
        """The config and those beside and below it, among them its bases."""
        return sorted(self.config.parent.rglob('*.py'))


@dataclass(frozen=True)
class Competition:
    """Where the images and lists of a competition are.

    Args:
        root: Its folder, with the images in ``train`` and ``test``.
        classes: A file with a class name a line.
        num_classes: C.
    """
    root: Path
    classes: Path
    num_classes: int

    def options(self, ann: Path) -> dict:
        """Options that make a config train on an annotation list of this competition.

        Rows of test images, as pseudo labels have, start with ``test/``.
        """
        data = dict(data_root=str(self.root), ann_file=str(ann.resolve()),
                    image_roots=dict(train='train', test='test'))
        return {f'train_dataloader.dataset.{k}': v for k, v in data.items()}

    def class_options(self) -> dict:
        """Options that give a classifier this competition's classes."""
        loaders = {f'{part}_dataloader.dataset.classes': str(self.classes.resolve()) for part in ('train', 'test')}
        return {'model.head.num_classes': self.num_classes, **loaders}


def train(work: WorkFolder, name: str, recipe: Recipe, lists: Sequence[Path], seed: int = 0) -> Path:
    """Train a model in ``models/<name>``; a killed training goes on from its newest checkpoint.

    Args:
        work: The work folder.
        name: Of the model.
        recipe: What to train.
        lists: Files the recipe's options point to: lists, weights to start from.
        seed: Of all random numbers.
    """
    folder = work / 'models' / name

    def make() -> str:
        from mmcomp.apis import load_config
        from mmcomp.apis.training import train as run
        with work.quiet():
            runner = run(load_config(recipe.config, recipe.options), work_dir=str(folder), resume='auto',
                         validate=False, seed=seed)
        return f'{len(runner.train_dataloader.dataset)} images, {runner.max_epochs} epochs'

    work.step(f'train {name}', make, [folder / 'last_checkpoint'], [*recipe.files(), *lists],
              dict(options=recipe.options, seed=seed), folder)
    return folder


def soup(work: WorkFolder, folder: Path, last: int = 5) -> Path:
    """Average the newest ``last`` checkpoints of a training; 1 keeps the weights of the newest alone."""
    out = folder / f'soup-{last}.pth'

    def make() -> str:
        from mmcomp.checkpoints.soup import find_members, save_soup, uniform_soup
        members = find_members(folder)[-last:]
        save_soup(uniform_soup(members), members, out)
        return f'{len(members)} checkpoints'

    work.step(f'soup {folder.name} {last}', make, [out], sorted(folder.glob('epoch_*.pth')), last)
    return out


def predict(work: WorkFolder, name: str, recipe: Recipe, checkpoint: Path, *, folder: Path | None = None,
            ann: Path | None = None, image_root: Path | None = None, tta: bool = False, tau: float = 0.) -> Path:
    """Predict the images of a folder, or those of a list, into ``tables/<name>.pkl``.

    Args:
        work: The work folder.
        name: Of the table.
        recipe: What the checkpoint was trained with.
        checkpoint: The weights.
        folder: Images without labels.
        ann: Or a list, whose paths start from ``image_root``.
        image_root: See ``ann``.
        tta: Average the config's test-time views.
        tau: Subtract so many log priors of the training labels.
    """
    out = work / 'tables' / f'{name}.pkl'

    def make() -> str:
        from mmcomp.apis import load_config, predict_table
        source = dict(folder=str(folder)) if folder else dict(ann=str(ann), image_root=str(image_root))
        with work.quiet():
            table = predict_table(load_config(recipe.config, recipe.options), str(checkpoint), str(out), tta=tta,
                                  logit_adjustment_tau=tau, **source)
        return f'{len(table)} images{", with views" if tta else ""}'

    work.step(f'predict {name}', make, [out], [*recipe.files(), checkpoint, *([ann] if ann else [])],
              dict(options=recipe.options, folder=str(folder), tta=tta, tau=tau))
    return out


def clean(work: WorkFolder, name: str, ann: Path, tables: Sequence[Path], method: str = 'confident_learning',
          action: str = 'drop', max_fraction: float = 1.) -> Path:
    """Drop or relabel the rows that out-of-fold predictions speak against: ``lists/<name>.txt``.

    The patch is ``lists/<name>.csv``. Relabelling pays where the predictions
    are right more often than the labels; it leaves rare classes their rows.
    """
    out, patch_file = work / f'lists/{name}.txt', work / f'lists/{name}.csv'

    def make() -> str:
        from mmcomp.annotations import read_list, write_list
        from mmcomp.predictions.labels.cleaning import find_label_issues, gather_out_of_fold
        from mmcomp.predictions.labels.label_patch import LabelPatch, apply_patch, write_patch
        from mmcomp.predictions.tables import read_table
        paths, labels = read_list(ann)
        rows, scores = gather_out_of_fold([read_table(t) for t in tables], paths)
        issues = find_label_issues(scores, labels[rows], method, max_fraction=max_fraction)
        at = rows[issues.rows]
        patch = LabelPatch([paths[i] for i in at], labels[at], issues.suggested, issues.scores, [action] * len(at))
        write_patch(patch, patch_file)
        write_list(out, *apply_patch(patch, paths, labels, ann))
        return f'{len(at)} of {len(paths)} labels look wrong'

    work.step(f'clean {name}', make, [out, patch_file], [ann, *tables],
              dict(method=method, action=action, max_fraction=max_fraction))
    return out


def ensemble(work: WorkFolder, name: str, tables: Sequence[Path], weights: Sequence[float] | None = None) -> Path:
    """The weighted mean of tables, ``tables/<name>.pkl``."""
    out = work / f'tables/{name}.pkl'

    def make() -> str:
        from mmcomp.predictions.ensembles import ensembling
        from mmcomp.predictions.tables import write_table
        shares = None if weights is None else np.asarray(weights) / np.sum(weights)
        write_table(ensembling.ensemble([str(t) for t in tables], shares), out)
        return f'{len(tables)} tables'

    work.step(f'ensemble {name}', make, [out], tables, weights)
    return out


def pseudo(work: WorkFolder, name: str, table: Path, ann: Path, *, keep: float = .6, balanced: bool = True) -> Path:
    """A training list and the surest test predictions after it, ``lists/<name>.txt``.

    A fixed threshold means little for a small model (ArcFace scores are sharp,
    label noise makes them blunt), so the threshold is the one that keeps a
    given part of the test set.

    Args:
        work: The work folder.
        name: Of the list.
        table: Predictions of the test set.
        ann: The training list to begin with.
        keep: Part of the test set to take.
        balanced: Scale the classes to even counts first, and take no more
            than N / C of any.
    """
    out = work / f'lists/{name}.txt'

    def make() -> str:
        from mmcomp.annotations import write_list
        from mmcomp.predictions.counts.prior_scaling import even_table
        from mmcomp.predictions.labels.pseudo_labels import merge, pseudo_labels, top_scores
        from mmcomp.predictions.tables import read_table
        scores = even_table(read_table(table)) if balanced else read_table(table)
        threshold = float(np.quantile(top_scores(scores)[1], 1 - keep))
        limit = -(-len(scores) // scores.scores.shape[1]) if balanced else None
        found = pseudo_labels(scores, threshold, 'test', limit)
        write_list(out, *merge(found, ann, scores.scores.shape[1]))
        return f'{len(found.paths)} of {len(scores)} test images above {threshold:.2f}'

    work.step(f'pseudo {name}', make, [out], [table, ann], dict(keep=keep, balanced=balanced))
    return out


def redistribute(work: WorkFolder, name: str, table: Path, method: str = 'balanced', floor: int | None = None) -> Path:
    """Class names of all samples, even in number, as ``labels/<name>.csv``."""
    out = work / f'labels/{name}.csv'

    def make() -> str:
        from mmcomp.predictions.counts import redistribution
        from mmcomp.predictions.labels.label_files import names_of, write_labels
        from mmcomp.predictions.tables import read_table
        scores = read_table(table)
        labels = redistribution.redistribute(scores, method, floor)
        write_labels(out, scores.ids, names_of(scores, labels))
        return f'{(labels != scores.labels()).sum()} of {len(scores)} samples have a new label'

    work.step(f'redistribute {name}', make, [out], [table], dict(method=method, floor=floor))
    return out
