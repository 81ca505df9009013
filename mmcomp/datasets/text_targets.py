"""Targets of tabular samples: class labels, shares in [0, 1], weights, and scores of other models."""
import re
from collections.abc import Sequence

import numpy as np

from mmcomp.errors import ConfigError, DataError, did_you_mean, fault, shorten

# Whole numbers beside missing cells are written as floats by many programs.
INDEX = re.compile(r'(\d+)(\.0*)?')


def class_labels(values: Sequence[str], classes: Sequence[str] | None,
                 where: str) -> tuple[np.ndarray, tuple[str, ...] | None]:
    """Class indices of names or indices; missing cells are empty and become -1.

    Args:
        values: Cells, ``(N,)``.
        classes: Names in label order. Without them, indices are taken as they
            are, and names are sorted, which is only safe when every split has
            every class.
        where: How errors call the column.

    Returns:
        ``(N,)`` int64, and the class names, if there are names.

    Raises:
        DataError: If a cell is no class.
    """
    given = sorted(set(values) - {''})
    by_index = {value: int(match[1]) for value in given if (match := INDEX.fullmatch(value))}
    if classes is None and len(by_index) < len(given):
        classes = given
    label_of = dict(by_index)
    if classes is not None:
        classes = tuple(classes)
        label_of = {value: label for value, label in by_index.items() if label < len(classes)}
        label_of |= {name: label for label, name in enumerate(classes)}
    unknown = [value for value in given if value not in label_of]
    if unknown:
        raise DataError(fault(where, 'label', f'one of the {len(classes)} classes ({shorten(classes)})',
                              shorten(unknown), f'Correct it, or `classes`.{did_you_mean(unknown[0], classes)}'))
    return np.array([label_of.get(value, -1) for value in values], np.int64), classes


def shares(columns: np.ndarray, names: Sequence[str], where: str) -> np.ndarray:
    """``(N, T)`` targets of some columns as float32; NaN stays.

    Raises:
        DataError: If a value is out of [0, 1].
    """
    wrong = np.argwhere((columns < 0) | (columns > 1))
    if len(wrong):
        got = [f'row {row}, {names[column]}: {columns[row, column]:g}' for row, column in wrong[:3]]
        raise DataError(fault(where, 'targets', f'in [0, 1] ({len(wrong)} are not)', shorten(got),
                              'Scale them, or name other columns.'))
    return columns.astype(np.float32)


def weights(column: np.ndarray, where: str) -> np.ndarray:
    """``(N,)`` sample weights as float32.

    Raises:
        DataError: If one is missing, negative or infinite.
    """
    wrong = np.flatnonzero(~(np.isfinite(column) & (column >= 0)))
    if len(wrong):
        got = [f'row {row}: {column[row]:g}' for row in wrong[:3]]
        raise DataError(fault(where, 'weights', f'finite and not negative ({len(wrong)} are not)', shorten(got),
                              'Correct the column.'))
    return column.astype(np.float32)


def soft_targets(scores: np.ndarray, columns: Sequence[str] | None, names: Sequence[str] | None,
                 where: str) -> np.ndarray:
    """Scores of teachers as targets ``(N, T)`` float32, in the order of the data set's own names.

    Args:
        scores: ``(N, T)``, a row a sample.
        columns: What the table calls its columns, if it does.
        names: Classes or target columns of the data set, if it has any.
        where: The table.

    Raises:
        DataError: If the columns are others, or a score is no probability.
    """
    if names is not None and columns is not None:
        if set(names) != set(columns):
            raise DataError(fault(where, 'classes', f'those of the data set ({shorten(names)})', shorten(columns),
                                  'Predict with a model of the same targets.'))
        scores = scores[:, [list(columns).index(name) for name in names]]
    elif names is not None and len(names) != scores.shape[1]:
        raise DataError(fault(where, 'scores', f'{len(names)} columns, one a target', scores.shape[1],
                              'Predict with a model of the same targets.'))
    scores = np.asarray(scores, np.float32)
    # Half precision sums and sigmoids may miss the bounds by a little.
    if not ((scores >= -1e-3) & (scores <= 1 + 1e-3)).all():
        raise DataError(fault(where, 'scores', 'probabilities in [0, 1]',
                              f'from {scores.min():.4g} to {scores.max():.4g}', 'Write probabilities, not logits.'))
    return scores.clip(0, 1)


def check_ratio(ratio: float | Sequence[float], where: str, tasks: int | None = None) -> np.ndarray:
    """One number or ``(T,)`` in [0, 1] as float32; ``tasks`` is T where it is known.

    Raises:
        ConfigError: If it is something else.
    """
    found = np.asarray(ratio, np.float32)
    fits = found.ndim == 0 or found.ndim == 1 and tasks in (None, len(found))
    if not fits or not ((found >= 0) & (found <= 1)).all():
        raise ConfigError(fault(where, 'soft_ratio', f'in [0, 1], one number or {tasks or "one a target"}', ratio,
                                'Correct the config.'))
    return found


def mixed(soft: np.ndarray, hard: np.ndarray | None, ratio: float | Sequence[float], apart: bool,
          where: str) -> np.ndarray:
    """Targets of teachers and of readers as one array.

    Cross entropy is linear in its target, so a mixture of targets is a mixture
    of losses; only a temperature needs the two apart.

    Args:
        soft: Of teachers, ``(N, T)``.
        hard: Of the table, ``(N, T)``, if it has any; NaN is missing, and there the teachers' counts alone.
        ratio: Share of the teachers', one number or ``(T,)``.
        apart: Give ``(N, 2 T)``, the teachers' first, in place of the mixture.
        where: The data set.

    Raises:
        ConfigError: If a ratio is out of [0, 1], or they are not T, or there is nothing to keep apart.
    """
    ratio = check_ratio(ratio, where, soft.shape[1])
    if apart and hard is None:
        raise ConfigError(fault(where, 'soft_apart', 'for a table with targets of its own', None,
                                'Name its target columns, or leave it out.'))
    if hard is None:
        return soft
    if apart:
        return np.concatenate([soft, hard], axis=1)
    return np.where(np.isnan(hard), soft, ratio * soft + (1 - ratio) * np.nan_to_num(hard)).astype(np.float32)
