"""Prediction tables of the models on toxic texts, put together."""
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mmcomp.competitions.jigsaw.columns import TARGETS
from mmcomp.predictions.ensembles.member_weights import exp2_weights
from mmcomp.predictions.joining import match_rows
from mmcomp.structures import PredictionTable


def first_column(table: PredictionTable) -> PredictionTable:
    """The score that is handed in."""
    return PredictionTable(table.ids, table.scores[:, :1], 'value', TARGETS[:1])


def last(tables: Sequence[Path]) -> PredictionTable:
    """What the newest checkpoint says."""
    from mmcomp.predictions.tables import read_table
    return read_table(tables[-1])


def doubled(tables: Sequence[Path]) -> PredictionTable:
    """All checkpoints, each with twice the weight of the one before."""
    from mmcomp.predictions.ensembles.ensembling import ensemble
    return ensemble(list(map(str, tables)), exp2_weights(len(tables)))


def mixed(tables: Sequence[PredictionTable], weights: Sequence[float] | None = None, **how) -> PredictionTable:
    """The blend of the scores that are handed in."""
    from mmcomp.predictions.ensembles.ensembling import ensemble
    weights = np.ones(len(tables)) if weights is None else np.asarray(weights, float)
    return ensemble(list(map(first_column, tables)), weights / weights.sum(), **how)


def searched(tables: Sequence[PredictionTable], truth: tuple) -> tuple[np.ndarray, bool]:
    """Weights that are best by the competition's score on the validation rows, equal ones where that is noise.

    Returns:
        ``(M,)``, and whether they were refused.
    """
    from mmcomp.metrics.by_name import find_metric
    from mmcomp.predictions.weight_search.gathering import gather
    from mmcomp.predictions.weight_search.searching import make_search, search_weights
    labelled = [first_column(table).take(match_rows(truth[0], table.ids.tolist(), 'scores')) for table in tables]
    evidence = gather(labelled, truth, find_metric('bias_auc'))
    found = search_weights(evidence, make_search('coordinate'))
    return found.weights, found.refused
