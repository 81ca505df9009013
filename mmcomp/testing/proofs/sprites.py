"""Short clips with captions out of animated sprites, in the files of the WeChat competition.

Frames are cells of the Universal LPC sprite sheets (``lpc_subset.zip``, made by the Liberated Pixel Cup's artists;
CC BY-SA 3.0 and GPL 3.0; authors in the ``AUTHORS.txt`` beside it): 21 rows of cells of 64 px, five actions in four
directions and one in one. Words are those of the layers' file names, of the actions and of the directions.

What is composed here: which layers lie on each other, on a plain ground; which few cells in a row are seen; which of
the true words are told, and that some told actions and directions are wrong. The class is action and direction.
"""
import io
import json
import re
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image

from mmcomp.annotations import write_list
from mmcomp.competitions.wechat.synthetic import SPECIAL, SPLITS
from mmcomp.competitions.wechat.taxonomy import Taxonomy
from mmcomp.errors import ConfigError, DataError, fault
from mmcomp.files import atomic_open

ARCHIVE, SHEET, CELL = 'lpc_subset.zip', (832, 1344), 64
# Name, first row and cells of each action; rows of one are its directions.
ACTIONS = (('spellcast', 0, 7), ('thrust', 4, 8), ('walkcycle', 8, 9), ('slash', 12, 6), ('shoot', 16, 13),
           ('hurt', 20, 6))
DIRECTIONS = ('up', 'left', 'down', 'right')
LEAVES = (4, 4, 4, 4, 4, 1)
# From below to above: where a layer's sheets are, and how often a character has one.
LAYERS = ((r'body/(fe)?male/\w+\.png', 1.), (r'body/(fe)?male/eyes/', 1.), (r'feet/', .7), (r'legs/', .8),
          (r'torso/(?!back)', .9), (r'belt/', .3), (r'hands/', .3), (r'hair/', .85), (r'head/', .35),
          (r'weapons/(right|both) hand/', .75))
BODY, EYES, WEAPON = 0, 1, len(LAYERS) - 1
# Of names of folders and files, those that say for whom or for which rows a sheet is.
DROPPED = frozenset('female male either both hand right left no th sh incomplete w'.split())


@dataclass(frozen=True)
class SpriteClips:
    """What the files are like.

    Args:
        labeled: Clips with a label.
        unlabeled: Clips without.
        test: Clips to predict.
        imbalance: Clips of the most frequent class over those of the rarest.
        layer: Chance that a layer that a character has is told.
        action: Chance that an action is told.
        direction: Chance that a direction is told.
        wrong: Share of told actions and directions that are wrong.
        fitting: Chance that a weapon is one with cells for the action, where there are such.
        most_frames: Cells in a row that a clip shows at most; any number from 1 on is as likely.
        no_frames: Share of clips without frames.
        words: Size of the vocabulary, filled up with unused words.
        seed: Of everything.

    Raises:
        ConfigError: If a number is out of range.
    """
    labeled: int = 500
    unlabeled: int = 4000
    test: int = 1500
    imbalance: float = 10.
    layer: float = .5
    action: float = .45
    direction: float = .45
    wrong: float = .1
    fitting: float = .7
    most_frames: int = 3
    no_frames: float = .05
    words: int = 192
    seed: int = 0

    def __post_init__(self):
        shares = (self.layer, self.action, self.direction, self.wrong, self.fitting, self.no_frames)
        if (min(self.labeled, self.unlabeled, self.test, self.most_frames) < 1 or self.imbalance < 1
                or not all(0 <= share <= 1 for share in shares)):
            raise ConfigError(fault('SpriteClips', 'numbers, imbalance, shares', 'above 0, at least 1, in [0, 1]',
                                    asdict(self), 'Correct them.'))


@dataclass(frozen=True)
class Clip:
    """One clip: what is seen and what is told of it.

    Args:
        leaf: Label of action and direction.
        told: Label of those that the words tell, right or wrong; None unless they tell both.
        row: Annotation, without its category.
        frames: Encoded images.
    """
    leaf: int
    told: int | None
    row: dict
    frames: list[bytes] = field(default_factory=list)


class SpriteSheets:
    """The sheets of the archive, by their names; cells are cut when they are asked for.

    Args:
        source: The folder of the archive.

    Raises:
        DataError: If the archive is missing, or has no sheets of a layer.
    """

    def __init__(self, source: str | Path):
        path = Path(source) / ARCHIVE
        if not path.is_file():
            raise DataError(f'{path}: no such archive. It holds sheets of '
                            'github.com/jrconway3/Universal-LPC-spritesheet.')
        self.sheets = {}
        with zipfile.ZipFile(path) as archive:
            for name in sorted(archive.namelist()):
                if any(re.match(pattern, name) for pattern, _ in LAYERS) and name.endswith('.png'):
                    sheet = Image.open(io.BytesIO(archive.read(name)))
                    if sheet.size == SHEET:  # others have larger cells
                        self.sheets[name] = sheet
        self.layers = [[[name for name in self.sheets if re.match(pattern, name) and fits(name, sex)]
                        for pattern, _ in LAYERS] for sex in ('female', 'male')]
        if not all(layers[BODY] for layers in self.layers):
            raise DataError(fault(path, 'names', 'bodies of both sexes, `body/female/….png`', len(self.sheets),
                                  'Take the archive as it is.'))
        self.cell = lru_cache(8192)(self._cell)

    def _cell(self, name: str, row: int, column: int) -> Image.Image:
        left, top = CELL * column, CELL * row
        return self.sheets[name].crop((left, top, left + CELL, top + CELL)).convert('RGBA')

    @lru_cache(None)  # noqa: B019, a data set lives as long as its sheets
    def drawn(self, name: str, row: int) -> bool:
        """Whether a sheet has anything in a row, but for its first cell."""
        return self.cell(name, row, 1).getbbox() is not None

    def vocabulary(self, size: int) -> list[str]:
        """Special words, the words of names, actions and directions, and unused ones up to ``size``.

        Raises:
            ConfigError: If there are more words than that.
        """
        words = {word for name in self.sheets for word in phrase(name).split()}
        words |= {'female', 'male', *DIRECTIONS, *(name for name, _, _ in ACTIONS)}
        known = [*SPECIAL, *sorted(words)]
        if len(known) > size:
            raise ConfigError(fault('SpriteClips', 'words', f'at least {len(known)}', size, 'Raise it.'))
        return [*known, *(f'[unused{number}]' for number in range(size - len(known)))]

    def frame(self, layers: Sequence[str], row: int, column: int, ground: tuple[int, int, int]) -> bytes:
        """Layers upon each other on a plain ground, as JPEG."""
        image = Image.new('RGBA', (CELL, CELL), (*ground, 255))
        for name in layers:
            image.alpha_composite(self.cell(name, row, column))
        buffer = io.BytesIO()
        image.convert('RGB').save(buffer, 'JPEG', quality=80)
        return buffer.getvalue()


def fits(name: str, sex: str) -> bool:
    """Whether a sheet is for this sex, or for both."""
    words = set(re.findall('[a-z]+', name.lower()))
    return sex in words or not words & {'female', 'male'}


def phrase(name: str) -> str:
    """What a sheet's path calls it: ``hair/female/bangs/blonde.png`` is ``blonde bangs hair``."""
    parts = PurePosixPath(name).with_suffix('').parts
    words = (word for part in reversed(parts) for word in re.findall('[a-z]+', part.lower()))
    return ' '.join(dict.fromkeys(word for word in words if word not in DROPPED))


def compose(sheets: SpriteSheets, clips: SpriteClips, leaf: int, name: str, rng: np.random.Generator) -> Clip:
    """One clip of a class."""
    action, turn = place_of(leaf)
    row = ACTIONS[action][1] + turn
    sex = int(rng.integers(2))
    worn = _worn(sheets, clips, sex, row, rng)
    count = 0 if rng.random() < clips.no_frames else int(rng.integers(1, clips.most_frames + 1))
    count = min(count, ACTIONS[action][2])
    first = int(rng.integers(0, ACTIONS[action][2] - count + 1))
    ground = tuple(map(int, rng.integers(60, 200, 3)))
    frames = [sheets.frame(worn, row, column, ground) for column in range(first, first + count)]
    title = [f'{("female", "male")[sex]} {phrase(layer)}' if place == BODY else phrase(layer)
             for place, layer in enumerate(worn) if place != EYES and rng.random() < clips.layer]
    said = _told(action, len(ACTIONS), clips.action, clips.wrong, rng)
    seen = _told(turn if LEAVES[action] > 1 else 2, len(DIRECTIONS), clips.direction, clips.wrong, rng)
    told = None if said is None or seen is None else leaf_of(said, seen)
    ocr = [] if seen is None else [dict(time=int(rng.integers(0, max(count, 1))), text=DIRECTIONS[seen])]
    return Clip(leaf, told, dict(id=name, title=' '.join(title), asr='' if said is None else ACTIONS[said][0], ocr=ocr),
                frames)


def place_of(leaf: int) -> tuple[int, int]:
    """Action and direction of a label; the action of one direction looks down."""
    ends = np.cumsum(LEAVES)
    action = int(np.searchsorted(ends, leaf, side='right'))
    return action, int(leaf - (ends[action] - LEAVES[action]))


def leaf_of(action: int, direction: int) -> int:
    """The label of an action in a direction."""
    return sum(LEAVES[:action]) + (direction if LEAVES[action] > 1 else 0)


def _worn(sheets: SpriteSheets, clips: SpriteClips, sex: int, row: int, rng: np.random.Generator) -> list[str]:
    """Names of layers, from below to above."""
    worn = []
    for place, ((_, chance), names) in enumerate(zip(LAYERS, sheets.layers[sex], strict=True)):
        if names and rng.random() < chance:
            if place == WEAPON and rng.random() < clips.fitting:
                names = [name for name in names if sheets.drawn(name, row)] or names
            worn.append(names[rng.integers(len(names))])
    return worn


def _told(truth: int, number: int, chance: float, wrong: float, rng: np.random.Generator) -> int | None:
    if rng.random() >= chance:
        return None
    return int((truth + rng.integers(1, number)) % number) if rng.random() < wrong else truth


def write_clips(source: str | Path, folder: str | Path, clips: SpriteClips,
                progress: Callable[[float, float, str], None] = lambda done, total, what='': None) -> dict[str, int]:
    """Write annotations, frame zips, the vocabulary, single frames with what words tell of them and, apart, the truth.

    ``annotations/{labeled,unlabeled,test}.json``, ``zip_frames/<split>/<last 3 characters>/<id>.zip``, ``vocab.txt``,
    ``frames/<id>_<n>.jpg`` and their list ``frames.txt``: frames of unlabeled clips whose words tell action and
    direction, with these as the class, to train an image model without a label. ``truth/<split>.txt`` are ``id label``.

    Args:
        source: The folder of the archive.
        folder: Where to; made if need be.
        clips: What the files are like.
        progress: Told of each split.

    Returns:
        The number of clips of each split, and of single ``frames``.
    """
    folder, sheets = Path(folder), SpriteSheets(source)
    share = clips.imbalance ** (-np.random.default_rng((clips.seed, 0)).permutation(sum(LEAVES)) / (sum(LEAVES) - 1))
    counts = {}
    for done, split in enumerate(SPLITS):
        progress(done, len(SPLITS), split)
        made = _split(sheets, clips, split, share / share.sum())
        for clip in made:
            _write_frames(folder / f'zip_frames/{split}', clip)
        codes = Taxonomy.from_counts(LEAVES).codes
        rows = [dict(clip.row, category_id=codes[clip.leaf]) if split == 'labeled' else clip.row for clip in made]
        with atomic_open(folder / f'annotations/{split}.json') as file:
            json.dump(rows, file)
        write_list(folder / f'truth/{split}.txt', [clip.row['id'] for clip in made], [clip.leaf for clip in made])
        counts[split] = len(made)
        if split == 'unlabeled':
            counts['frames'] = _write_single_frames(folder, made)
    with atomic_open(folder / 'vocab.txt') as file:
        file.writelines(f'{word}\n' for word in sheets.vocabulary(clips.words))
    return counts


def _split(sheets: SpriteSheets, clips: SpriteClips, split: str, share: np.ndarray) -> list[Clip]:
    place = 1 + SPLITS.index(split)
    rng = np.random.default_rng((clips.seed, place))
    leaves = rng.choice(len(share), getattr(clips, split), p=share)
    if split == 'labeled':
        # Folds take five of each class at least.
        sure = rng.permutation(np.tile(np.arange(len(share)), 5))[:len(leaves)]
        leaves[:len(sure)] = sure
    ids = 10**19 + place * 10**18 + np.cumsum(rng.integers(1, 10**12, len(leaves)), dtype=object)
    return [compose(sheets, clips, int(leaf), str(name), rng) for leaf, name in zip(leaves, ids, strict=True)]


def _write_frames(folder: Path, clip: Clip) -> None:
    name = clip.row['id']
    path = folder / name[-3:] / f'{name}.zip'
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, 'w') as archive:
        for number, frame in enumerate(clip.frames):
            archive.writestr(zipfile.ZipInfo(f'{number:04d}.jpg', (1980, 1, 1, 0, 0, 0)), frame)


def _write_single_frames(folder: Path, made: Sequence[Clip]) -> int:
    (folder / 'frames').mkdir(parents=True, exist_ok=True)
    names, labels = [], []
    for clip in made:
        for number, frame in enumerate(clip.frames if clip.told is not None else ()):
            names.append(f'{clip.row["id"]}_{number}.jpg')
            labels.append(clip.told)
            (folder / 'frames' / names[-1]).write_bytes(frame)
    write_list(folder / 'frames.txt', names, labels)
    return len(names)
