"""A small BERT trained from nothing beside TF-IDF with logistic regression, on the same texts."""
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmcomp.metrics.roc_auc import roc_auc, roc_auc_error
from mmcomp.structures import PredictionTable
from mmcomp.tabular import read_columns

TASKS = ('toxic', 'hate')
CONFIG = """\
_base_ = [
    '{base}/models/bert.py', '{base}/pipelines/text.py', '{base}/schedules/finetune_3e.py', '{base}/runtime/default.py']
texts = dict(
    data_root='{root}', cache_dir='{root}/tokens', max_length=64, target_col=None, target_cols=['toxic', 'hate'],
    tokenizer=dict(_delete_=True, type='WordPiece', vocab='{vocab}'))
model = dict(
    backbone=dict(name_or_path=None, pooler=False, config=dict(
        model_type='bert', vocab_size={size}, hidden_size=128, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=256, max_position_embeddings=64, hidden_dropout_prob=0.2, attention_probs_dropout_prob=0.2)),
    neck=dict(mode=['mean', 'max']),
    head=dict(type='BinaryTasksHead', num_classes=2, in_channels=256, dropout=0.3))
masked = [dict(type='MaskTokens', mask_id={mask}, share=0.2), dict(type='PackTokens')]
train_dataloader = dict(num_workers=0, dataset=dict(pipeline=masked, **texts))
test_dataloader = dict(num_workers=0, dataset=texts)
optim_wrapper = dict(optimizer=dict(lr=1e-3, weight_decay=0.05))
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-3, end=0.1 * {epochs}, by_epoch=True, convert_to_iter_based=True),
    dict(type='PolyLR', power=1.0, eta_min=0.0, begin=0.1 * {epochs}, end={epochs}, by_epoch=True,
         convert_to_iter_based=True)]
train_cfg = dict(max_epochs={epochs})
"""


@dataclass(frozen=True)
class Texts:
    """A table's texts, shares ``(N, 2)`` of readers and the majority's answers ``(N, 2)``, for ``TASKS``."""
    ids: list[str]
    texts: list[str]
    shares: np.ndarray
    truth: np.ndarray

    @classmethod
    def read(cls, path: Path) -> 'Texts':
        """One of the tables of :func:`mmcomp.testing.proofs.tweets.write_tweets`."""
        table = read_columns(path, ['id', 'text'], [*TASKS, 'class'])
        truth = np.stack([table['class'] != 2, table['class'] == 0], axis=1)
        return cls(table['id'], table['text'], np.stack([table[task] for task in TASKS], axis=1), truth)


def mean_auc(truth: np.ndarray, scores: np.ndarray) -> float:
    """Mean over the tasks ``(N, T)``."""
    return float(np.mean([roc_auc(*columns) for columns in zip(truth.T, scores.T)]))


# ---------------------------------------------------------------- the baseline


def tf_idf(train: Sequence[str], *others: Sequence[str]) -> list:
    """Sparse features of words, pairs of words, and 2 to 5 letters within words, with logarithmic counts."""
    from scipy.sparse import hstack
    from sklearn.feature_extraction.text import TfidfVectorizer
    ways = [TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
            TfidfVectorizer(analyzer='char_wb', ngram_range=(2, 5), min_df=3, sublinear_tf=True)]
    parts = [[way.fit_transform(train), *map(way.transform, others)] for way in ways]
    return [hstack(columns).tocsr() for columns in zip(*parts)]


def logistic_regression(features: list, targets: np.ndarray, val_truth: np.ndarray,
                        strengths: Sequence[float] = (.3, 1, 3, 10)) -> np.ndarray:
    """Probabilities ``(N, T)`` of the last features by the penalty that is best on the second ones.

    A share ``s`` of readers is a positive row of weight ``s`` and a negative one of weight ``1 - s``.
    """
    from scipy.sparse import vstack
    from sklearn.linear_model import LogisticRegression
    train, val, test = features
    twice, best = vstack([train, train]).tocsr(), (-1., None)
    answers = np.repeat([1, 0], len(targets))
    for strength in strengths:
        found = []
        for share in np.asarray(targets, float).T:
            weight, model = np.concatenate([share, 1 - share]), LogisticRegression(C=strength, solver='liblinear')
            model.fit(twice[weight > 0], answers[weight > 0], sample_weight=weight[weight > 0])
            found.append([model.predict_proba(part)[:, 1] for part in (val, test)])
        on_val, on_test = (np.stack(columns, axis=1) for columns in zip(*found))
        best = max(best, (mean_auc(val_truth, on_val), on_test), key=lambda pair: pair[0])
    return best[1]


# ---------------------------------------------------------------- the BERT


def write_config(folder: Path, base: Path, root: Path, vocab: Path, epochs: int) -> Path:
    """The config of the BERT over the tables in ``root``, for a file with a word piece a line."""
    words, path = vocab.read_text(encoding='utf-8').rstrip('\n').split('\n'), folder / 'tweets-bert.py'
    path.write_text(CONFIG.format(base=base, root=root, vocab=vocab, size=len(words), mask=words.index('[MASK]'),
                                  epochs=epochs), encoding='utf-8')
    return path


def train_bert(config: Path, folder: Path, seed: int, last: int = 1) -> Path:
    """Train, and average the newest checkpoints; of a training this short the others are far behind the last."""
    from mmcomp.apis.training import train
    from mmcomp.checkpoints.soup import find_members, save_soup, uniform_soup
    out = folder / 'soup.pth'
    train(str(config), work_dir=str(folder), validate=False, seed=seed, resume='auto')
    members = find_members(folder)[-last:]
    save_soup(uniform_soup(members), members, out)
    return out


def predict_bert(config: Path, weights: Path, table: Path, out: Path) -> PredictionTable:
    """Probabilities of a table's rows, in its order."""
    from mmcomp.apis import load_config, predict_table
    return predict_table(load_config(config), str(weights), str(out), ann=str(table))


# ---------------------------------------------------------------- all of it


def prove(root: Path, base: Path, vocab: Path, folder: Path, *, epochs: int, seeds: Sequence[int],
          say: Callable[[str], None] = print) -> dict[str, np.ndarray]:
    """Probabilities ``(N, 2)`` of the test rows by each way.

    Args:
        root: ``train.csv``, ``val.csv`` and ``test.csv`` of :func:`mmcomp.testing.proofs.tweets.write_tweets`.
        base: The folder ``configs/_base_``.
        vocab: A word piece a line.
        folder: For everything that is written.
        epochs: Of the BERT.
        seeds: Of the BERTs.
        say: Told of each step.
    """
    from mmcomp.recipes.work_folder import WorkFolder
    work = WorkFolder(folder)
    train, val, test = (Texts.read(root / f'{part}.csv') for part in ('train', 'val', 'test'))
    features = tf_idf(train.texts, val.texts, test.texts)
    scores = {'TF-IDF': logistic_regression(features, train.truth, val.truth)}
    scores['TF-IDF, votes as targets'] = logistic_regression(features, train.shares, val.truth)
    say('TF-IDF is done')
    config, members = write_config(folder, base, root, vocab, epochs), []
    for seed in seeds:
        with work.quiet():
            weights = train_bert(config, folder / f'seed{seed}', seed)
            on_val, on_test = (predict_bert(config, weights, root / f'{part}.csv', folder / f'{part}{seed}.pkl')
                               for part in ('val', 'test'))
        members.append(on_test.scores)
        say(f'BERT, seed {seed}: {mean_auc(val.truth, on_val.scores):.4f} on the validation rows, mean of both tasks')
    scores['BERT'] = members[0]
    if len(members) > 1:
        scores[f'{len(members)} BERTs'] = np.mean(members, axis=0)
    scores['BERTs and TF-IDF'] = (np.mean(members, axis=0) + scores['TF-IDF, votes as targets']) / 2
    return scores


def proof_rows(truth: np.ndarray, scores: dict[str, np.ndarray], over: str) -> Iterator[list[str]]:
    """Rows of a markdown table: areas with standard errors, and differences from one way with theirs."""
    yield ['way', *(f'AUC {task}' for task in TASKS), *(f'{task}: difference from {over}' for task in TASKS)]
    for name, found in scores.items():
        pairs = list(zip(truth.T, found.T, scores[over].T))
        areas = [f'{roc_auc(t, mine):.4f} ± {roc_auc_error(t, mine):.4f}' for t, mine, _ in pairs]
        gains = ['' if name == over else
                 f'{roc_auc(t, mine) - roc_auc(t, theirs):+.4f} ± {roc_auc_error(t, mine, theirs):.4f}'
                 for t, mine, theirs in pairs]
        yield [name, *areas, *gains]
