"""Submission files of one score a sample, such as ``id,prediction``, checked against a sample submission."""
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mmcomp.errors import TableError, fault, shorten
from mmcomp.predictions.joining import find_rows
from mmcomp.predictions.labels.label_files import write_labels
from mmcomp.predictions.submissions.submission import SampleSubmission
from mmcomp.structures import PredictionTable

HEADER = ('id', 'prediction')


def score_column(table: PredictionTable, column: str | None = None) -> np.ndarray:
    """The scores ``(N,)`` of a column by its name; without one the only column, or the second of two.

    Raises:
        TableError: If there is no such column, or it is not clear which.
    """
    if column is not None:
        return table.select([column]).scores[:, 0]
    if table.scores.shape[1] > 2:
        raise TableError(fault(table.name, 'columns', 'one or two, where none is named',
                               shorten(table.class_names, 12), 'Name the column to hand in.'))
    return table.scores[:, -1]


def fit_scores(table: PredictionTable, sample: SampleSubmission | None = None,
               column: str | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Ids and scores ``(N,)`` in the order of the sample submission.

    Raises:
        TableError: If a sample is missing, too much or has no finite score.
    """
    ids, scores = table.ids, np.asarray(score_column(table, column), dtype=np.float64)
    broken = ids[~np.isfinite(scores)]
    if len(broken):
        raise TableError(fault(table.name, 'scores', 'finite', f'{len(broken)} that are not: {shorten(broken)}',
                               'Predict these samples again.'))
    if sample is None:
        return ids, scores
    rows = find_rows(sample.ids, ids)
    for word, other, lacking in (('it lacks', sample.path, sample.ids[rows < 0]),
                                 ('only here, not in the sample:', sample.path, np.setdiff1d(ids, sample.ids))):
        if len(lacking):
            raise TableError(f'{table.name}: {word} {len(lacking)} ids of {other}: {shorten(lacking)}. '
                             'Predict the test set of this competition, and all of it.')
    return sample.ids, scores[rows]


def write_scores(path: str | os.PathLike, ids: Sequence[str], scores: np.ndarray,
                 header: Sequence[str] | None = HEADER, digits: int = 9) -> Path:
    """Write ``id,score`` rows, whole or not at all.

    Args:
        path: The CSV file.
        ids: N texts.
        scores: ``(N,)``.
        header: Its first row; None for none.
        digits: Significant ones. Where only the order counts, too few make ties: float32 needs nine.
    """
    write_labels(path, ids, (f'{score:.{digits}g}' for score in scores.tolist()), header)
    return Path(path)
