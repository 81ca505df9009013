"""Prediction tables as targets of a text data set (distillation)."""
from collections.abc import Sequence

import numpy as np

from mmcomp.datasets import TabularTextDataset, VideoTextDataset
from mmcomp.errors import TableError, fault
from mmcomp.predictions.joining import match_rows
from mmcomp.predictions.tables import read_table


def scores_of(path: str, ids: Sequence[str]) -> tuple[np.ndarray, tuple[str, ...] | None]:
    """Scores ``(N, C)`` of a prediction table for the given ids, and its class names.

    Raises:
        TableError: If it lacks an id, or holds no probabilities.
    """
    table = read_table(path)
    if table.kind not in ('probability', 'value'):
        raise TableError(fault(path, 'kind', '`probability` or `value`', table.kind, 'Write probabilities.'))
    return table.scores[match_rows(ids, table.ids, path)], table.classes


def use_prediction_tables() -> None:
    """Let text data sets read their ``soft_targets``; data sets themselves know nothing of tables."""
    TabularTextDataset.read_scores = VideoTextDataset.read_scores = staticmethod(scores_of)
