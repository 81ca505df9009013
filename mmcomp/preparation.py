"""Annotation lists from folders of images: the first step of the road.

The layout is that of the published fine-grained system: ``train/<class>/…``
holds labelled images, test folders hold unlabelled ones, ``meta/`` the lists.
"""
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mmcomp.annotations import write_list
from mmcomp.errors import DataError, fault, shorten
from mmcomp.files import atomic_open
from mmcomp.image_files import find_bad_images, list_images


@dataclass
class Prepared:
    """What was found: counts by list, class names, and images left out with the reason."""
    counts: dict[str, int] = field(default_factory=dict)
    classes: list[str] = field(default_factory=list)
    bad: dict[str, str] = field(default_factory=dict)


def stratified_holdout(labels: np.ndarray, per_class: int, seed: int) -> np.ndarray:
    """A mask of rows to hold back: ``per_class`` random ones of each class, but
    never more than half of a class, so that rare classes keep training rows."""
    rng = np.random.default_rng(seed)
    mask = np.zeros(len(labels), bool)
    for rows in np.split(np.argsort(labels, kind='stable'), np.cumsum(np.bincount(labels))[:-1]):
        mask[rng.permutation(rows)[:min(per_class, len(rows) // 2)]] = True
    return mask


def prepare_lists(data_root: str | os.PathLike, train: str = 'train', unlabelled: Sequence[str] = (),
                  val_per_class: int = 0, classes: Sequence[str] | None = None, check: str = 'decode',
                  threads: int = 8, seed: int = 0,
                  progress: Callable[[Iterable, int, str], Iterable] = lambda items, count, what: items,
                  out: str | os.PathLike | None = None) -> Prepared:
    """Write ``{all,train,val,mae,classes,bad}.txt`` into ``meta`` of the data, or into ``out``.

    ``all.txt`` lists every usable labelled image and ``train.txt`` and
    ``val.txt`` split it, by paths inside ``train``. ``mae.txt`` is for
    self-supervised pre-training: no labels, the test folders too, paths inside
    ``data_root``. ``bad.txt`` names the images left out and why.

    Args:
        data_root: The folder that holds the others.
        train: The folder of class folders. Files beside them are ignored.
        unlabelled: Folders of test images beside ``train``.
        val_per_class: Images of each class held back for validation.
        classes: Class names in label order; by default the sorted folder names.
        check: ``decode`` every image, ``quick`` looks at file ends, or ``off``.
        threads: Images checked side by side.
        seed: Of the split.
        progress: Called with the checks, their number and what is checked.
        out: Where the lists go.

    Raises:
        DataError: If there is nothing to list or a class folder is unknown.
    """
    root, result = Path(data_root), Prepared()
    out = Path(out or root / 'meta')
    names, labels, result.classes = _labelled(root / train, classes)

    def usable(folder: str, listed: list[str]) -> np.ndarray:
        if check == 'off':
            return np.ones(len(listed), bool)
        bad = dict(find_bad_images([root / folder / name for name in listed], check, threads,
                                   lambda faults: progress(faults, len(listed), folder)))
        result.bad.update({f'{folder}/{listed[at]}': reason for at, reason in bad.items()})
        return ~np.isin(np.arange(len(listed)), list(bad))

    keep = usable(train, names)
    names, labels = [n for n, good in zip(names, keep) if good], labels[keep]
    if not names:
        raise DataError(f'{root / train}: no image can be used: {shorten(map(" ".join, result.bad.items()))}.')
    tests = [f'{folder}/{name}' for folder in unlabelled for name in _usable_tests(root, folder, usable)]
    held = stratified_holdout(labels, val_per_class, seed)
    chosen = {'all': np.ones(len(names), bool), 'train': ~held, **({'val': held} if val_per_class else {})}
    for what, mask in chosen.items():
        write_list(out / f'{what}.txt', [n for n, m in zip(names, mask) if m], labels[mask])
        result.counts[what] = int(mask.sum())
    write_list(out / 'mae.txt', [*(f'{train}/{name}' for name in names), *tests])
    result.counts['mae'] = len(names) + len(tests)
    _write_lines(out / 'classes.txt', result.classes)
    _write_lines(out / 'bad.txt', [f'{name}\t{reason}' for name, reason in result.bad.items()])
    return result


def _labelled(folder: Path, classes: Sequence[str] | None) -> tuple[list[str], np.ndarray, list[str]]:
    if not folder.is_dir():
        raise DataError(fault(folder, 'train', 'an existing folder of class folders', str(folder), 'Check the path.'))
    names = [name for name in list_images(folder) if '/' in name]
    found = sorted({name.partition('/')[0] for name in names})
    known = list(classes or found)
    unknown = sorted(set(found) - set(known))
    if unknown or not names:
        raise DataError(fault(folder, 'class folders', f'some of the {len(known)} classes',
                              shorten(unknown) or 'no image', 'Mend the folders or the class list.'))
    label_of = {name: label for label, name in enumerate(known)}
    return names, np.array([label_of[n.partition('/')[0]] for n in names]), known


def _usable_tests(root: Path, folder: str, usable: Callable) -> list[str]:
    names = list_images(root / folder)
    if not names:
        raise DataError(fault(root / folder, 'unlabelled', 'a folder with images', folder, 'Check the path.'))
    return [name for name, good in zip(names, usable(folder, names)) if good]


def _write_lines(path: Path, lines: Iterable[str]) -> None:
    with atomic_open(path) as file:
        file.writelines(f'{line}\n' for line in lines)
