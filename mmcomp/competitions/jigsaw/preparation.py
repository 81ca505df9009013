"""Lists that folds and scores are made of, from the competition's table."""
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmcomp.annotations import write_list
from mmcomp.competitions.jigsaw.bias import is_yes
from mmcomp.competitions.jigsaw.columns import ALIAS, MAIN, METRIC_IDENTITIES
from mmcomp.competitions.jigsaw.weights import sample_weights
from mmcomp.errors import DataError, fault, shorten
from mmcomp.files import write_json
from mmcomp.metrics.bias_auc import coded_groups
from mmcomp.predictions.labels.folds import groups_by_text
from mmcomp.tabular import check_ids, read_columns


@dataclass(frozen=True)
class Prepared:
    """What a labelled table holds.

    Args:
        ids: N texts.
        toxic: ``(N,)`` booleans.
        codes: ``(N,)`` truth and identities as one integer; see :func:`mmcomp.metrics.bias_auc.coded_groups`.
        groups: What rows with the same text share, N texts.
        weights: ``(N,)`` raw weights of the published solution.
    """
    ids: list[str]
    toxic: np.ndarray
    codes: np.ndarray
    groups: list[str]
    weights: np.ndarray

    def statistics(self) -> dict:
        """Counts and shares worth a look before a training."""
        raw = self.weights
        return dict(rows=len(self.ids), toxic=float(self.toxic.mean()), with_identity=float((self.codes > 1).mean()),
                    rows_of_repeated_texts=len(self.ids) - len(set(self.groups)),
                    weights=dict(mean=float(raw.mean()), least=float((raw / raw.mean()).min()),
                                 most=float((raw / raw.mean()).max()), std=float((raw / raw.mean()).std())))


def read_labelled(table: str | os.PathLike) -> Prepared:
    """Read a table with labels, that of the training or a released one of the test.

    Raises:
        DataError: If a column is missing, a label is missing or out of [0, 1], an id is empty, doubled or a float, an
            identity was never asked about, or all rows are of one class.
    """
    read = read_columns(table, ['id', 'comment_text'], [MAIN, *METRIC_IDENTITIES], ALIAS)
    target, where = read[MAIN], str(table)
    check_ids(read['id'], where)
    wrong = np.flatnonzero(~((target >= 0) & (target <= 1)))
    if len(wrong):
        got = shorten([f'row {row}: {target[row]:g}' for row in wrong[:3]])
        raise DataError(fault(where, MAIN, f'in [0, 1] ({len(wrong)} are not)', got, 'Fill or scale the column.'))
    identities = np.stack([read[name] for name in METRIC_IDENTITIES], axis=1)
    silent = [name for name, column in zip(METRIC_IDENTITIES, identities.T, strict=True) if np.isnan(column).all()]
    if silent:
        raise DataError(fault(where, shorten(silent, 9), 'answered in some row', 'only missing values',
                              'Take the table with annotations.'))
    toxic = is_yes(target)
    if toxic.all() or not toxic.any():
        raise DataError(fault(where, MAIN, 'at least .5 in some rows and below in others',
                              f'{toxic.sum()} of {len(toxic)} rows', 'Check the column.'))
    return Prepared(read['id'], toxic, coded_groups(toxic, is_yes(identities)), groups_by_text(read['comment_text']),
                    sample_weights(target, identities, normalize=False))


def write_lists(prepared: Prepared, out: str | os.PathLike) -> dict:
    """Write ``all.txt`` (id, toxic or not: to be split into folds), ``groups.txt`` (id, hash of the text: what folds
    keep together), ``truth.txt`` (id, code: what the score judges by) and ``statistics.json``; returns the last."""
    out, found = Path(out), prepared.statistics()
    write_list(out / 'all.txt', prepared.ids, prepared.toxic)
    write_list(out / 'groups.txt', [f'{name} {group}' for name, group in zip(prepared.ids, prepared.groups)])
    write_list(out / 'truth.txt', prepared.ids, prepared.codes)
    write_json(out / 'statistics.json', found)
    return found
