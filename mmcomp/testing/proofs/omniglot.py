"""Omniglot as a fine-grained web-image competition.

1623 hand-drawn characters of 50 alphabets, 20 drawers each (Lake, Salakhutdinov
and Tenenbaum, *Science* 350, 2015; MIT licence; ``images_background.zip`` and
``images_evaluation.zip`` of github.com/brendenlake/omniglot). Split by drawer:
1-14 are the training pool with a long tail, 15-16 validation, 17-20 the even
test set. Wrong labels are other characters of the same alphabet.
"""
import zipfile
from pathlib import Path, PurePosixPath

import cv2
import numpy as np

from mmcomp.annotations import write_list
from mmcomp.errors import ConfigError, DataError, fault
from mmcomp.files import atomic_open
from mmcomp.testing.digits import SIDE, long_tail

ARCHIVES = ('images_background.zip', 'images_evaluation.zip')
POOL, RAREST = 14, 3


def write_omniglot(source: str | Path, folder: str | Path, classes: int = 200, noise: float = .15,
                   seed: int = 0) -> dict[str, int]:
    """Write the competition's files, as :func:`mmcomp.testing.digits.write_digits` does.

    Alphabets are taken whole and in random order until there are ``classes``
    characters; the last one may be cut.

    Args:
        source: The folder of the two archives.
        folder: Where to; made if need be.
        classes: Number of characters, 2 to 1623.
        noise: Share of training labels that are wrong.
        seed: Of the choice, the tail and the noise.

    Returns:
        The number of images of each split.

    Raises:
        DataError: If an archive is missing.
    """
    rng, root = np.random.default_rng(seed), Path(folder)
    images = _read_archives(Path(source))
    chosen = _choose(sorted({key[:2] for key in images}), classes, rng)
    rank = rng.permutation(len(chosen))
    kept = long_tail(POOL, POOL / RAREST, len(chosen))[rank]
    lists = {'train': [], 'val': [], 'test': []}
    for label, (alphabet, character) in enumerate(chosen):
        for drawer in range(1, 21):
            split = 'train' if drawer <= kept[label] else 'val' if drawer in (15, 16) else 'test'
            if split != 'test' or drawer > 16:
                lists[split].append((f'{label:04d}_{drawer:02d}.png', label, images[alphabet, character, drawer]))
    lists['test'] = [lists['test'][i] for i in rng.permutation(len(lists['test']))]
    for split, rows in lists.items():
        _write_split(root, split, rows, noise if split == 'train' else 0., [c[0] for c in chosen], rng)
    with atomic_open(root / 'meta/classes.txt') as file:
        file.writelines(f'{alphabet}/{character}\n' for alphabet, character in chosen)
    return {split: len(rows) for split, rows in lists.items()}


def _read_archives(source: Path) -> dict[tuple[str, str, int], bytes]:
    """PNG files by alphabet, character and drawer (1 to 20)."""
    images = {}
    for name in ARCHIVES:
        if not (source / name).is_file():
            raise DataError(f'{source / name}: no such archive. Download it from github.com/brendenlake/omniglot.')
        with zipfile.ZipFile(source / name) as archive:
            for entry in archive.namelist():
                path = PurePosixPath(entry)
                if path.suffix == '.png' and not path.name.startswith('.') and '__MACOSX' not in path.parts:
                    key = (path.parts[-3], path.parts[-2], int(path.stem.rpartition('_')[2]))
                    images[key] = archive.read(entry)
    return images


def _choose(characters: list[tuple[str, str]], classes: int, rng: np.random.Generator) -> list[tuple[str, str]]:
    if not 2 <= classes <= len(characters):
        raise ConfigError(fault('omniglot', 'classes', f'from 2 to {len(characters)}', classes, 'Correct it.'))
    alphabets = rng.permutation(sorted({alphabet for alphabet, _ in characters}))
    return [c for alphabet in alphabets for c in characters if c[0] == alphabet][:classes]


def _write_split(root: Path, split: str, rows: list, noise: float, alphabets: list[str],
                 rng: np.random.Generator) -> None:
    home = 'test' if split == 'test' else 'train'
    names = [f'{n:05d}.png' for n in range(len(rows))] if split == 'test' else [row[0] for row in rows]
    labels = np.array([row[1] for row in rows])
    (root / home).mkdir(parents=True, exist_ok=True)
    for name, (_, _, content) in zip(names, rows, strict=True):
        image = 255 - cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE)
        cv2.imwrite(str(root / home / name), cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_AREA))
    write_list(root / f'truth/{split}.txt', names, labels)
    if split != 'test':
        write_list(root / f'meta/{split}.txt', names, _confuse(labels, noise, alphabets, rng))


def _confuse(labels: np.ndarray, noise: float, alphabets: list[str], rng: np.random.Generator) -> np.ndarray:
    """Replace a share of labels by others of the same alphabet."""
    noisy = labels.copy()
    for row in np.flatnonzero(rng.random(len(labels)) < noise):
        others = [c for c, name in enumerate(alphabets) if name == alphabets[labels[row]] and c != labels[row]]
        noisy[row] = rng.choice(others or [labels[row]])
    return noisy
