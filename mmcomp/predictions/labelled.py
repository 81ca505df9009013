"""Labelled predictions in the class order of another table."""
import os
from dataclasses import replace

import numpy as np

from mmcomp.errors import TableError
from mmcomp.predictions.joining import match_classes
from mmcomp.predictions.weight_search.truth import labelled_rows, read_truth
from mmcomp.structures import PredictionTable


def labelled_columns(table: PredictionTable, labels: str | os.PathLike,
                     like: PredictionTable) -> tuple[PredictionTable, np.ndarray]:
    """The labelled rows of a table, its columns in the order of ``like``, and their true columns ``(N,)``.

    Args:
        table: Of labelled samples; those without a label are passed over.
        labels: See :func:`mmcomp.predictions.weight_search.truth.read_truth`.
        like: The table of the test set.

    Raises:
        TableError: If classes differ, or no sample has a label.
    """
    if set(table.ids.tolist()) & set(like.ids.tolist()):
        raise TableError(f'{table.name}: samples of {like.name} are in it. Give predictions of labelled samples, '
                         'made by models that did not train on them.')
    columns = match_classes(like.classes, like.scores.shape[1], table, like.name)
    if columns is not None:
        table = replace(table, scores=np.ascontiguousarray(table.scores[:, columns]), classes=like.classes)
    ids, truth = read_truth(labels, table)
    chosen, (rows,) = labelled_rows([table], ids, labels, partial=True)
    return (table if rows is None else table.take(rows)).check(), truth[chosen]
