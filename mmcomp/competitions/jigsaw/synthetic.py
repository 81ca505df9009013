"""Made-up tables in the competition's shape: to try a recipe on, and to test what real rows do.

What is planted: words that make a comment toxic; identities that are mentioned
more often in toxic comments, so that a model learns to mistrust their names;
raters of whom most rows have a few and some have thousands; identities that
three rows in four were never asked about; texts that come twice under
different ids with different labels. Words are made of syllables; none means anything.
"""
import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from mmcomp.competitions.jigsaw.columns import COLUMNS, IDENTITIES, METRIC_IDENTITIES, SUBTYPES
from mmcomp.errors import ConfigError, fault
from mmcomp.files import atomic_open

SYLLABLES = [a + b for a in 'bcdfghjklmnprstvwz' for b in ('a', 'e', 'i', 'o', 'u', 'an', 'er', 'il', 'ost')]
TOXIC_WORDS = tuple(f'grak{ending}' for ending in ('', 'o', 'et', 'ul', 'imbo', 'azz', 'urk', 'ent'))
# How many times as often an identity comes up where a comment is toxic.
LEANING = dict(homosexual_gay_or_lesbian=4., black=4., muslim=3., white=3., psychiatric_or_mental_illness=2.)
ASKED, MENTIONED, TWICE = .25, .05, .03
FIRST_TRAIN, FIRST_TEST = 59848, 7_000_000


def synthetic_rows(rows: int, seed: int = 0, words: int = 2000, first_id: int = FIRST_TRAIN,
                   asked: float = ASKED) -> Iterator[dict]:
    """Rows of all 45 columns; what is not known is an empty text.

    Args:
        rows: How many.
        seed: Of all that is drawn.
        words: Of the harmless vocabulary.
        first_id: Ids rise from it.
        asked: Share of rows whose raters were asked about identities.
    """
    if rows < 1 or not 0 <= asked <= 1:
        raise ConfigError(fault('synthetic_rows', 'rows, asked', 'positive and in [0, 1]', (rows, asked),
                                'Correct it.'))
    rng = np.random.default_rng(seed)
    harmless = _words(words)
    raters = _raters(rows, rng)
    identity_odds = np.array([LEANING.get(name, 1.) for name in IDENTITIES])
    chance = np.where(np.isin(IDENTITIES, METRIC_IDENTITIES), MENTIONED, MENTIONED / 10)
    texts: list[str] = []
    for row in range(rows):
        toxic = rng.random() < .12
        mentioned = rng.random(len(IDENTITIES)) < chance * (identity_odds if toxic else 1)
        text = _text(rng, harmless, toxic, mentioned)
        if texts and rng.random() < TWICE:
            text = texts[rng.integers(len(texts))]
            toxic, mentioned = _read(text)
        texts.append(text)
        yield _row(rng, first_id + 7 * row, text, toxic, mentioned, int(raters[row]), rng.random() < asked)


def write_competition(folder: str | Path, train_rows: int = 4000, test_rows: int = 1000, seed: int = 0,
                      words: int = 2000) -> None:
    """Write ``train.csv``, ``test.csv``, ``sample_submission.csv``, and with the answers, as they were released later,
    ``test_private_expanded.csv``; its identities are all known."""
    folder = Path(folder)
    _write(folder / 'train.csv', COLUMNS, synthetic_rows(train_rows, seed, words))
    test = list(synthetic_rows(test_rows, seed + 1, words, FIRST_TEST, asked=1.))
    _write(folder / 'test.csv', ('id', 'comment_text'), test)
    _write(folder / 'sample_submission.csv', ('id', 'prediction'), [dict(id=row['id'], prediction=0) for row in test])
    _write(folder / 'test_private_expanded.csv', ('id', 'comment_text', 'toxicity', *COLUMNS[3:]),
           [dict(row, toxicity=row['target']) for row in test])


def _write(path: Path, columns: tuple[str, ...], rows) -> None:
    with atomic_open(path, newline='') as file:
        writer = csv.DictWriter(file, columns, extrasaction='ignore', lineterminator='\n')
        writer.writeheader()
        writer.writerows(rows)


def _words(count: int) -> list[str]:
    """Different words of one to three syllables, the same for every seed: train and test speak one language."""
    rng, found = np.random.default_rng(count), {}
    while len(found) < count:
        found[''.join(rng.choice(SYLLABLES, rng.integers(1, 4)))] = None
    return list(found)


def _raters(rows: int, rng: np.random.Generator) -> np.ndarray:
    """Four for most, up to some ten for others, thousands for a few."""
    few = 4 + rng.geometric(.45, rows) - 1
    return np.where(rng.random(rows) < .01, (10 * (1 + rng.pareto(.8, rows))).clip(max=4000), few).astype(int)


def _text(rng: np.random.Generator, harmless: list[str], toxic: bool, mentioned: np.ndarray) -> str:
    length = int(rng.lognormal(2.3, .8)) + 1
    words = [harmless[int(len(harmless) ** rng.random()) - 1] for _ in range(min(length, 120))]
    words += [IDENTITIES[at].replace('_', ' ') for at in np.flatnonzero(mentioned)]
    words += list(rng.choice(TOXIC_WORDS, rng.integers(1, 3))) if toxic else []
    return ' '.join(words[at] for at in rng.permutation(len(words))).capitalize() + rng.choice(['.', '!', '', '?'])


def _read(text: str) -> tuple[bool, np.ndarray]:
    """What a text that comes again says."""
    words = text.lower()
    return 'grak' in words, np.array([name.replace('_', ' ') in words for name in IDENTITIES])


def _row(rng: np.random.Generator, number: int, text: str, toxic: bool, mentioned: np.ndarray, raters: int,
         asked: bool) -> dict:
    """Shares of raters, who do not agree with one another."""
    believed = rng.beta(8, 2.5) if toxic else rng.beta(1, 12)
    target = rng.binomial(raters, believed) / raters
    row = dict(id=str(number), target=target, comment_text=text, created_date='2017-01-01 00:00:00+00',
               publication_id=int(rng.integers(2, 120)), parent_id='', article_id=int(rng.integers(2000, 400_000)),
               rating=rng.choice(['approved', 'rejected'], p=[.93, .07]), toxicity_annotator_count=raters)
    row |= {name: int(rng.poisson(.3)) for name in ('funny', 'wow', 'sad', 'likes', 'disagree')}
    row |= {name: rng.binomial(raters, target * part) / raters
            for name, part in zip((*SUBTYPES, 'sexual_explicit'), (.1, .3, .3, .7, .1, .1), strict=True)}
    number_asked = int(rng.integers(4, 11)) if asked else 0
    shares = rng.binomial(max(number_asked, 1), np.where(mentioned, .9, .02)) / max(number_asked, 1)
    row |= {name: share if asked else '' for name, share in zip(IDENTITIES, shares.tolist(), strict=True)}
    return row | dict(identity_annotator_count=number_asked)
