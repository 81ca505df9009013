"""Made-up videos in the competition's files: to try a recipe on, and to test what real ones do.

What is planted: the words tell the parent class and one of two halves of its
leaves; the frames tell the place of the leaf within its parent and nothing of
the parent. So neither is enough. Some frames and words are noise, some labels
are wrong, classes have a long tail, titles, speech, overlaid text and frames
are missing at times, overlaid texts come unsorted and twice. Characters are
Chinese ones drawn at random; no word means anything.
"""
import io
import json
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from mmcomp.annotations import write_list
from mmcomp.competitions.wechat.taxonomy import LEAVES, Taxonomy
from mmcomp.datasets.feature_store import write_features
from mmcomp.errors import ConfigError, fault
from mmcomp.files import atomic_open, atomic_path

SPECIAL = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]')
FIRST_CHARACTER, MAX_FRAMES = 0x4e00, 32
SPLITS = ('labeled', 'unlabeled', 'test')


@dataclass(frozen=True)
class Twin:
    """What the files are like.

    Args:
        leaves: Leaves of each parent; the default are the 200 of the competition.
        labeled: Videos with a label.
        unlabeled: Videos without.
        test: Videos to predict.
        imbalance: Videos of the most frequent class over those of the rarest.
        noise: Share of labels that are wrong.
        width: Of the features.
        clarity: Length of the planted direction in a frame, in deviations of the noise.
        telling: Share of characters that tell something.
        common: Characters that tell nothing.
        missing: Chances that title, speech, overlaid text and frames are missing.
        seed: Of everything.

    Raises:
        ConfigError: If a number is out of range.
    """
    leaves: Sequence[int] = LEAVES
    labeled: int = 2000
    unlabeled: int = 4000
    test: int = 1000
    imbalance: float = 20.
    noise: float = .05
    width: int = 64
    clarity: float = 4.
    telling: float = .15
    common: int = 400
    missing: tuple[float, float, float, float] = (.05, .3, .3, .02)
    seed: int = 0

    def __post_init__(self):
        shares = (self.noise, self.telling, *self.missing)
        numbers = (self.labeled, self.unlabeled, self.test, self.width, self.common)
        if min(numbers) < 1 or self.imbalance < 1 or not all(0 <= share <= 1 for share in shares):
            raise ConfigError(fault('Twin', 'numbers, imbalance, shares', 'above 0, at least 1, in [0, 1]',
                                    asdict(self), 'Correct them.'))

    @property
    def taxonomy(self) -> Taxonomy:
        """The classes."""
        return Taxonomy.from_counts(self.leaves)


class World:
    """What all splits share: which characters tell which class, and where the features of a leaf point.

    Args:
        twin: The settings.
    """
    OF_PARENT, OF_HALF = 6, 4

    def __init__(self, twin: Twin):
        rng = np.random.default_rng((twin.seed, 0))
        self.twin, self.taxonomy = twin, twin.taxonomy
        parents = len(self.taxonomy.parents)
        self.place = np.arange(len(self.taxonomy)) - self.taxonomy.first_leaf[self.taxonomy.parent_of]
        self.characters = [chr(FIRST_CHARACTER + i) for i in range(
            twin.common + parents * (self.OF_PARENT + 2 * self.OF_HALF))]
        told = np.array(self.characters[twin.common:]).reshape(parents, -1)
        self.of_parent, self.of_half = told[:, :self.OF_PARENT], told[:, self.OF_PARENT:].reshape(parents, 2, -1)
        # The more frequent a common character, the earlier it stands.
        self.common_share = 1 / np.arange(3, twin.common + 3)
        self.common_share /= self.common_share.sum()
        directions = rng.normal(size=(int(self.place.max()) + 1, twin.width))
        self.directions = directions / np.linalg.norm(directions, axis=1, keepdims=True)
        self.scenes = rng.normal(size=(40, twin.width))
        self.class_share = twin.imbalance ** (-rng.permutation(len(self.taxonomy)) / max(len(self.taxonomy) - 1, 1))
        self.class_share /= self.class_share.sum()

    def vocabulary(self) -> list[str]:
        """Words of a character tokenizer, special ones first."""
        return [*SPECIAL, *self.characters]

    def text(self, leaf: int, length: int, rng: np.random.Generator) -> str:
        """So many characters: common ones, some of the parent, some of the half of its leaves."""
        parent = self.taxonomy.parent_of[leaf]
        written = rng.choice(self.twin.common, length, p=self.common_share)
        letters = np.array(self.characters)[written]
        telling = rng.random(length) < self.twin.telling
        which = rng.random(length) < .5
        letters[telling & which] = rng.choice(self.of_parent[parent], (telling & which).sum())
        letters[telling & ~which] = rng.choice(self.of_half[parent, self.place[leaf] % 2], (telling & ~which).sum())
        return ''.join(letters)

    def features(self, leaf: int, count: int, rng: np.random.Generator) -> np.ndarray:
        """Features of frames, ``(count, width)`` float16: scenes, and in about half of them the leaf's direction."""
        scene = self.scenes[rng.choice(len(self.scenes), 3)]
        found = scene[np.sort(rng.integers(0, 3, count))] + rng.normal(size=(count, self.twin.width))
        found[rng.random(count) < .5] += self.twin.clarity * self.directions[self.place[leaf]]
        return found.astype(np.float16)

    def image(self, leaf: int, rng: np.random.Generator, side: int) -> np.ndarray:
        """A frame as an image, ``(side, side, 3)`` uint8: noise, in about half of them a bar where the leaf says."""
        image = rng.integers(60, 200, (side, side, 3)).astype(np.uint8)
        if rng.random() < .5:
            start = self.place[leaf] * side // len(self.directions)
            image[:, start:start + max(2, side // len(self.directions))] = (20, 235, 20)
        return image


def synthetic_rows(world: World, split: str) -> tuple[list[dict], np.ndarray, list[int]]:
    """Annotations of a split, the true leaves ``(N,)`` and how many frames each video has.

    Rows of ``labeled`` have ``category_id``, some of them a wrong one.
    """
    twin, rng = world.twin, np.random.default_rng((world.twin.seed, 1 + SPLITS.index(split)))
    count = getattr(twin, split)
    leaves = rng.choice(len(world.taxonomy), count, p=world.class_share)
    if split == 'labeled':
        leaves[:len(world.taxonomy)] = rng.permutation(len(world.taxonomy))[:count]
    wrong = rng.random(count) < twin.noise
    given = np.where(wrong, rng.integers(0, len(world.taxonomy), count), leaves)
    first = 10**19 + (1 + SPLITS.index(split)) * 10**18  # no id is in two splits
    ids = [str(first + int(step)) for step in np.cumsum(rng.integers(1, 10**12, count))]
    frames = np.where(rng.random(count) < .7, MAX_FRAMES, rng.integers(1, MAX_FRAMES, count))
    frames[rng.random(count) < twin.missing[3]] = 0
    rows = [_row(world, ids[i], int(leaves[i]), int(frames[i]), rng) for i in range(count)]
    if split == 'labeled':
        rows = [dict(row, category_id=world.taxonomy.codes[label]) for row, label in zip(rows, given)]
    return rows, leaves, frames.tolist()


def _row(world: World, name: str, leaf: int, frames: int, rng: np.random.Generator) -> dict:
    lacks = rng.random(3) < world.twin.missing[:3]
    title = '' if lacks[0] else world.text(leaf, int(rng.integers(4, 20)), rng)
    asr = '' if lacks[1] else world.text(leaf, int(rng.integers(5, 60)), rng)
    ocr = []
    for _ in range(0 if lacks[2] else int(rng.integers(1, 5))):
        piece = world.text(leaf, int(rng.integers(2, 10)), rng)
        # The same overlay is often seen in several frames.
        ocr += [dict(time=int(time), text=piece) for time in rng.integers(0, max(frames, 1), rng.integers(1, 3))]
    return dict(id=name, title=title, asr=asr, ocr=ocr)


def write_twin(folder: str | Path, twin: Twin, images: bool = False, side: int = 40,
               progress: Callable[[float, float, str], None] = lambda done, total, what='': None) -> dict[str, int]:
    """Write annotations, feature zips, maybe frame zips, the vocabulary and, apart, the truth.

    ``annotations/{labeled,unlabeled,test}.json``, ``zip_feats/<split>.zip``,
    ``zip_frames/<split>/<last 3 characters>/<id>.zip``, ``vocab.txt`` and
    ``truth/<split>.txt`` with ``id label`` lines; labels there are the true ones.

    Args:
        folder: Where to; made if need be.
        twin: What the files are like.
        images: Write frame zips, too. Features are drawn, not made from the images.
        side: Of the images.
        progress: Told of each split.

    Returns:
        The number of videos of each split.
    """
    folder, world = Path(folder), World(twin)
    for done, split in enumerate(SPLITS):
        progress(done, len(SPLITS), split)
        rows, leaves, frames = synthetic_rows(world, split)
        with atomic_open(folder / f'annotations/{split}.json') as file:
            json.dump(rows, file, ensure_ascii=False)
        rng = np.random.default_rng((twin.seed, 11 + SPLITS.index(split)))
        with atomic_path(folder / f'zip_feats/{split}.zip') as temporary, zipfile.ZipFile(temporary, 'w') as archive:
            for row, leaf, count in zip(rows, leaves, frames):
                write_features(archive, row['id'], world.features(leaf, count, rng))
        if images:
            for row, leaf, count in zip(rows, leaves, frames):
                _write_images(folder / f'zip_frames/{split}', row['id'], leaf, count, world, side, rng)
        write_list(folder / f'truth/{split}.txt', [row['id'] for row in rows], leaves)
    with atomic_open(folder / 'vocab.txt') as file:
        file.writelines(f'{word}\n' for word in world.vocabulary())
    return {split: getattr(twin, split) for split in SPLITS}


def _write_images(folder: Path, name: str, leaf: int, count: int, world: World, side: int,
                  rng: np.random.Generator) -> None:
    from PIL import Image
    with atomic_path(folder / name[-3:] / f'{name}.zip') as temporary, zipfile.ZipFile(temporary, 'w') as archive:
        for number in range(count):
            buffer = io.BytesIO()
            Image.fromarray(world.image(leaf, rng, side)).save(buffer, 'JPEG', quality=80)
            archive.writestr(zipfile.ZipInfo(f'{number:04d}.jpg', (1980, 1, 1, 0, 0, 0)), buffer.getvalue())
