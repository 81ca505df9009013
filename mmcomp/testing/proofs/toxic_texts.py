"""Public sets of toxic and harmless texts, joined into one table in the shape of the Jigsaw competition's."""
import gzip
import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mmcomp.competitions.jigsaw.columns import SUBTYPES, TARGETS
from mmcomp.errors import DataError
from mmcomp.files import atomic_path
from mmcomp.predictions.labels.folds import grouped_folds, groups_by_text
from mmcomp.testing.proofs.tweets import find_table, tidy

if TYPE_CHECKING:
    import pandas as pd

# Who of the metric's identities is mentioned, told by plain words: as weak as it is cheap.
IDENTITIES = {
    'male': r'males?|man|men|boys?|husbands?|fathers?',
    'female': r'females?|wom[ae]n|girls?|wife|wives|mothers?',
    'homosexual_gay_or_lesbian': r'gays?|lesbians?|homosexual(?:s|ity)?|lgbtq?|queers?',
    'christian': r'christian(?:s|ity)?|catholics?|protestants?|jesus',
    'jewish': r'jews?|jewish|judaism',
    'muslim': r'muslims?|islam(?:ic|ist|ists)?',
    'black': r'blacks?|african[ -]americans?',
    'white': r'whites?|caucasians?',
    'psychiatric_or_mental_illness': r'mental(?:ly)?[ -](?:ill|illness(?:es)?|disab\w+|health|retard\w*)'
                                     r'|schizo\w*|bipolar|psych(?:o|os|otic|iatric)|depress(?:ed|ion)|autis\w+'}
# What people of a group that a sentence was written about are called in `IDENTITIES`.
GROUPS = {'women': 'female', 'lgbtq': 'homosexual_gay_or_lesbian', 'black': 'black', 'muslim': 'muslim',
          'jewish': 'jewish', 'mental dis': 'psychiatric_or_mental_illness'}
SPAN_TYPES = {'Profane/Obscene': 'obscene', 'Identity based Attack': 'identity_attack', 'Insult': 'insult',
              'Threat': 'threat'}
ROWS = dict(civil=4000, tweets=4000, toxigen=4000, chats=2000)
PARTS = {'train': range(9, 20), 'val': range(7, 9), 'test': range(7)}
COLUMNS = ('id', 'source', 'comment_text', *TARGETS, *IDENTITIES, 'toxicity_annotator_count')


def mentions(texts: Iterable[str]) -> dict[str, np.ndarray]:
    """Which texts have a word for each of ``IDENTITIES``, ``(N,)`` float64 of 0 and 1."""
    texts = list(texts)
    patterns = {name: re.compile(rf'\b(?:{words})\b', re.IGNORECASE) for name, words in IDENTITIES.items()}
    return {name: np.array([pattern.search(text) is not None for text in texts], float)
            for name, pattern in patterns.items()}


# ---------------------------------------------------------------- one set each


def read_tweets(folder: Path) -> 'pd.DataFrame':
    """Tweets of Davidson et al. (2017): the share of readers who took one for hateful or offensive."""
    import pandas as pd
    table = pd.read_csv(find_table(folder / 'text_davidson'))
    hate = table['hate_speech'] / table['count']
    return _frame([tidy(text) for text in table['tweet']], hate + table['offensive_language'] / table['count'],
                  table['count'], identity_attack=hate)


def read_civil(folder: Path) -> 'pd.DataFrame':
    """Comments of Pavlopoulos et al. (2022): the share of readers who did not choose "not toxic".

    A sub-type is the share of readers who marked a span of it, among those who
    did not just call the whole comment toxic.
    """
    import pandas as pd
    at = folder / 'text_civil_toxic_spans'
    comments, votes, spans = (pd.read_csv(_there(at / f'{name}.csv.gz'))
                              for name in ('comments', 'annotations', 'spans'))
    comments = comments.set_index('comment_id')
    by_comment = votes.groupby('comment_id')
    target = 1 - by_comment['not toxic'].mean().reindex(comments.index)
    told = votes[~votes['all toxic']]
    kinds = {}
    for kind, name in SPAN_TYPES.items():
        marked = told['annotation'].isin(spans.loc[spans['type'] == kind, 'annotation'])
        kinds[name] = marked.groupby(told['comment_id']).mean().reindex(comments.index).to_numpy()
    return _frame([' '.join(str(text).split()) for text in comments['comment_text']], target.to_numpy(),
                  by_comment.size().reindex(comments.index).to_numpy(), **kinds)


def read_toxigen(folder: Path) -> 'pd.DataFrame':
    """Machine-written sentences about groups, of Hosseini et al. (2023): mean score of three readers, 1 to 5."""
    with gzip.open(_there(folder / 'text_toxigen_human/toxiGen.json.gz'), 'rt', encoding='utf-8') as file:
        rows = json.load(file)
    frame = _frame([' '.join(row['text'].split()) for row in rows],
                   (np.array([row['toxicity_score'] for row in rows]) - 1) / 4, 3)
    for group, name in GROUPS.items():
        frame[name] = np.maximum(frame[name], [group in row['target_groups'] for row in rows])
    return frame


def read_chats(folder: Path) -> 'pd.DataFrame':
    """What users said to chat bots, of Cercas Curry et al. (2021): the share of readers who called it abuse."""
    import pandas as pd
    at = folder / 'text_convabuse'
    table = pd.concat([_chats(at, part) for part in ('train', 'valid', 'test')])

    def votes(*ends: str) -> np.ndarray:
        """``(N, readers)``: whether each ticked one of the boxes; NaN where a row was not shown to him."""
        boxes = [np.stack([_ticks(table[f'Annotator{reader}_{end}']) for reader in range(1, 9)], axis=1)
                 for end in ends]
        return np.maximum.reduce(boxes)

    abuse = votes('is_abuse.-1', 'is_abuse.-2', 'is_abuse.-3')
    shares = dict(severe_toxicity=votes('is_abuse.-3'), insult=votes('intellectual'),
                  identity_attack=votes('ableist', 'homophobic', 'racist', 'sexist'))
    seen = ~np.isnan(abuse).all(axis=1)
    frame = _frame([' '.join(str(text).split()) for text in table['user'][seen]], np.nanmean(abuse[seen], axis=1),
                   (~np.isnan(abuse[seen])).sum(axis=1),
                   **{name: np.nanmean(share[seen], axis=1) for name, share in shares.items()})
    return frame[frame['comment_text'] != ''].reset_index(drop=True)


READERS: dict[str, Callable] = dict(civil=read_civil, tweets=read_tweets, toxigen=read_toxigen, chats=read_chats)


# ---------------------------------------------------------------- sets that are never trained on


def read_templates(folder: Path) -> 'pd.DataFrame':
    """Sentences of Dixon et al. (2018) that differ in whom they name, each name with as many toxic as harmless ones.

    Columns ``comment_text``, ``target``, and one of 0 and 1 for each name.
    """
    import pandas as pd
    at = folder / 'text_bias_templates'
    table = pd.read_csv(_there(at / 'en_sentence_templates.csv.gz'))
    table = table[table['template'] != 'name_adj']  # first names are no identities
    words = pd.read_csv(_there(at / 'madlib_words.csv'))
    names = sorted(set(words.loc[words['type'] == 'identity', 'word']))
    frame = pd.DataFrame(dict(comment_text=table['phrase'].to_numpy(),
                              target=(table['toxicity'] == 'toxic').to_numpy(float)))
    found = {name: frame['comment_text'].str.contains(rf'\b{re.escape(name)}\b', case=False).to_numpy(float)
             for name in names}
    return pd.concat([frame, pd.DataFrame({name: column for name, column in found.items() if column.any()})], axis=1)


def read_hatecheck(folder: Path) -> 'pd.DataFrame':
    """Test cases of Röttger et al. (2021): columns ``comment_text`` and ``target``, hateful or not."""
    import pandas as pd
    table = pd.read_csv(_there(folder / 'text_hatecheck/test_suite_cases.csv'))
    return pd.DataFrame(dict(comment_text=table['test_case'], target=(table['label_gold'] == 'hateful').astype(float)))


def read_wikipedia(folder: Path) -> 'pd.DataFrame':
    """Comments on Wikipedia's talk pages, of Dixon et al. (2018): columns ``comment_text`` and ``target``."""
    import pandas as pd
    table = pd.read_csv(_there(folder / 'text_bias_templates/toxicity_nonfuzzed_testset.csv.gz'))
    texts = [' '.join(str(text).replace('NEWLINE_TOKEN', ' ').split()) or '.' for text in table['comment']]
    return pd.DataFrame(dict(comment_text=texts, target=table['toxic'].astype(float)))


# ---------------------------------------------------------------- all together


def write_toxic_texts(folder: str | Path, root: Path, seed: int = 0, rows: dict[str, int] | None = None) -> dict:
    """Write ``train.csv``, ``val.csv``, ``test.csv`` in the competition's columns, and what else there is.

    Of each set at most so many rows are taken, of the tweets as many toxic as
    harmless ones. Equal texts are in one part. Texts that no part took are in
    ``unlabelled.txt``, the sets that are never trained on in ``templates.csv``,
    ``hatecheck.csv`` and ``wikipedia.csv``; ``everything.csv`` has ids and
    texts of all that is to be predicted.

    Args:
        folder: Of ``text_davidson``, ``text_civil_toxic_spans``, ``text_toxigen_human``, ``text_convabuse``,
            ``text_bias_templates``, ``text_hatecheck``.
        root: Where to write.
        seed: Of the choice of rows and of the parts.
        rows: Most rows of a set, by default ``ROWS``.

    Returns:
        Rows a file.

    Raises:
        DataError: If a set is missing.
    """
    import pandas as pd
    folder, rng, left, frames = Path(folder), np.random.default_rng(seed), [], []
    root.mkdir(parents=True, exist_ok=True)
    for name, read in READERS.items():
        frame = read(folder)
        frame.insert(0, 'source', name)
        frame.insert(0, 'id', [f'{name}{row}' for row in range(len(frame))])
        picked = _pick(frame, (rows or ROWS)[name], name == 'tweets', rng)
        frames.append(frame.iloc[picked])
        left += frame.drop(index=frame.index[picked])['comment_text'].tolist()
    table = pd.concat(frames, ignore_index=True)[list(COLUMNS)]
    kinds = np.unique(table['source'] + (table['target'] >= .5).astype(str), return_inverse=True)[1]
    fold = grouped_folds(kinds, groups_by_text(table['comment_text'].tolist()), 20, seed)
    files = {part: table[np.isin(fold, list(folds))] for part, folds in PARTS.items()}
    others = dict(templates=read_templates, hatecheck=read_hatecheck, wikipedia=read_wikipedia)
    for name, read in others.items():
        files[name] = read(folder)
        files[name].insert(0, 'id', [f'{name}{row}' for row in range(len(files[name]))])
    files['everything'] = pd.concat([frame[['id', 'comment_text']] for name, frame in files.items() if name != 'train'])
    for name, frame in files.items():
        with atomic_path(root / f'{name}.csv') as path:
            frame.to_csv(path, index=False)
    with atomic_path(root / 'unlabelled.txt') as path:
        path.write_text('\n'.join([*left, *_bot_turns(folder)]) + '\n', encoding='utf-8')
    return {name: len(frame) for name, frame in files.items()}


def _pick(frame: 'pd.DataFrame', most: int, balanced: bool, rng: np.random.Generator) -> np.ndarray:
    """Positions of at most so many rows, in order."""
    order = rng.permutation(len(frame))
    if balanced:
        toxic = frame['target'].to_numpy()[order] >= .5
        most = min(most, 2 * int((~toxic).sum()), 2 * int(toxic.sum()))
        order = np.concatenate([order[toxic][:most // 2], order[~toxic][:most // 2]])
    return np.sort(order[:most])


def _frame(texts: list[str], target: np.ndarray, readers: np.ndarray | int, **kinds: np.ndarray) -> 'pd.DataFrame':
    import pandas as pd
    columns = dict.fromkeys(SUBTYPES, np.nan) | {name: np.asarray(share, float) for name, share in kinds.items()}
    return pd.DataFrame(dict(comment_text=texts, target=np.asarray(target, float).clip(0, 1), **columns,
                             **mentions(texts), toxicity_annotator_count=readers))


def _chats(folder: Path, part: str) -> 'pd.DataFrame':
    import pandas as pd
    path = folder / f'ConvAbuseEMNLP{part}.csv'
    path = path if path.is_file() else _there(path.with_suffix('.csv.gz'))
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def _ticks(column: 'pd.Series') -> np.ndarray:
    """Cells ``1``, ``0``, or ``1, 0`` of a reader who saw a row twice; the first counts, an empty cell is NaN."""
    return np.array([float(cell.partition(',')[0]) if cell.strip() else np.nan for cell in column])


def _bot_turns(folder: Path) -> list[str]:
    """What chat bots said: texts without labels."""
    import pandas as pd
    at = folder / 'text_convabuse'
    table = pd.concat([_chats(at, part) for part in ('train', 'valid', 'test')])
    turns = [' '.join(text.split()) for name in ('prev_agent', 'agent') for text in table[name]]
    return list(dict.fromkeys(filter(None, turns)))


def _there(path: Path) -> Path:
    """The path, or the uncompressed file beside it.

    Raises:
        DataError: If neither is there.
    """
    for found in (path, path.with_suffix('') if path.suffix == '.gz' else path):
        if found.is_file():
            return found
    raise DataError(f'{path}: no such file. The folder must hold the sets that `write_toxic_texts` names.')
