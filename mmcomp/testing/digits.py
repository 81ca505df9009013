"""scikit-learn's handwritten digits as a small web-image competition.

1797 real images of 8 x 8 pixels are written out as 32 x 32 PNG files: a training
pool with a long tail and label noise, as the web makes them, and an even test
set whose labels are kept apart.
"""
from pathlib import Path

import cv2
import numpy as np

from mmcomp.annotations import read_list, write_list
from mmcomp.errors import ConfigError, fault
from mmcomp.files import atomic_open

CLASSES = tuple('0123456789')
SIDE = 32


def long_tail(pool: int, imbalance: float, classes: int = 10) -> np.ndarray:
    """Rows kept of each class: ``pool`` falling geometrically to ``pool / imbalance``."""
    return np.maximum(1, np.round(pool * imbalance**(-np.arange(classes) / max(classes - 1, 1)))).astype(int)


def flip_labels(labels: np.ndarray, noise: float, classes: int, rng: np.random.Generator) -> np.ndarray:
    """Replace a share ``noise`` of labels by another class, evenly."""
    wrong = rng.random(len(labels)) < noise
    return np.where(wrong, (labels + rng.integers(1, classes, len(labels))) % classes, labels)


def write_digits(folder: str | Path, noise: float = 0., imbalance: float = 1., test_per_class: int = 60,
                 val_per_class: int = 10, seed: int = 0) -> dict[str, int]:
    """Write the competition's files.

    ``train/<class>/<n>.png`` is the pool, in folders by its noisy labels;
    ``meta/train.txt`` and ``meta/val.txt`` list it. ``test/<n>.png`` has no
    labels; ``truth/test.txt`` keeps them for scoring, ``truth/train.txt`` the
    clean labels of the pool.

    Args:
        folder: Where to; made if need be.
        noise: Share of pool labels that are wrong.
        imbalance: Rows of the most frequent class over those of the rarest.
        test_per_class: Test images a class, at most 80.
        val_per_class: Clean validation images a class, out of the pool.
        seed: Of the split, the noise and the tail.

    Returns:
        The number of images of each split.
    """
    if not 1 <= test_per_class <= 80 or not 0 <= noise < 1 or imbalance < 1:
        raise ConfigError(fault('digits', 'test_per_class, noise, imbalance', 'in 1…80, [0, 1) and at least 1',
                                (test_per_class, noise, imbalance), 'Choose smaller values.'))
    from sklearn.datasets import load_digits
    images, labels = load_digits(return_X_y=True)
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(labels))
    pools = [order[labels[order] == c] for c in range(10)]
    test = np.concatenate([p[:test_per_class] for p in pools])
    val = np.concatenate([p[test_per_class:test_per_class + val_per_class] for p in pools])
    rest = [p[test_per_class + val_per_class:] for p in pools]
    keep = long_tail(min(map(len, rest)), imbalance)
    train = np.concatenate([p[:n] for p, n in zip(rest, keep)])
    noisy = flip_labels(labels[train], noise, 10, rng)

    root = Path(folder)
    pool_names = {i: f'{CLASSES[c]}/{i:04d}.png' for i, c in [*zip(train, noisy), *zip(val, labels[val])]}
    _write_images(root / 'train', pool_names, images)
    test = rng.permutation(test)
    test_names = {i: f'{n:04d}.png' for n, i in enumerate(test)}
    _write_images(root / 'test', test_names, images)
    write_list(root / 'meta/train.txt', [pool_names[i] for i in train], noisy)
    write_list(root / 'meta/val.txt', [pool_names[i] for i in val], labels[val])
    write_list(root / 'truth/train.txt', [pool_names[i] for i in train], labels[train])
    write_list(root / 'truth/test.txt', [test_names[i] for i in test], labels[test])
    return {'train': len(train), 'val': len(val), 'test': len(test)}


def write_extras(root: Path) -> None:
    """What the road needs beside the images: unlabelled list, class names, a sample submission."""
    train_paths, _ = read_list(root / 'meta/train.txt')
    test_names = sorted(p.name for p in (root / 'test').glob('*.png'))
    write_list(root / 'meta/mae.txt', [f'train/{p}' for p in train_paths] + [f'test/{n}' for n in test_names])
    for path, lines in (('meta/classes.txt', map(str, range(10))),
                        ('sample_submission.csv', ['filename,class', *(f'{n},0' for n in test_names)])):
        with atomic_open(root / path) as file:
            file.writelines(f'{line}\n' for line in lines)


def _write_images(root: Path, names: dict[int, str], images: np.ndarray) -> None:
    for index, name in names.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        small = (images[index].reshape(8, 8) * (255 / 16)).astype(np.uint8)
        cv2.imwrite(str(path), cv2.resize(small, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC))
