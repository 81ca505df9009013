"""How alike the members of an ensemble are."""
from typing import Any

import numpy as np

from mmcomp.errors import MMCompError
from mmcomp.recipes.report.results import Results
from mmcomp.recipes.report.work import Item, Work

NUMBERS = 1_000_000  # scores looked at of each member


def members(work: Work, results: Results) -> dict[str, Any] | None:
    """Correlation of scores and agreement of top classes, member by member.

    Members are the tables of the last ensemble of two or more; where there is
    none, the predictions of the test set. The folds of a model are one member.

    Returns:
        ``stage``, ``names``, ``weights`` (None where they are not known), ``correlation`` and ``agreement`` (M, M).
    """
    stage, groups = _groups(work, results)
    if len(groups) < 2:
        return None
    try:
        rows, scores = _sampled(list(groups.values()))
    except MMCompError as error:
        return work.note(error)
    return dict(stage=stage.name if stage else '', names=list(groups), rows=rows,
                weights=_weights(work, stage, groups) if stage else None, **compare(scores))


def compare(scores: list[np.ndarray]) -> dict[str, list]:
    """Pearson correlation of the scores of each two members, and how often their top classes agree.

    Args:
        scores: ``(N, C)`` a member.
    """
    tops = np.stack([s.argmax(axis=1) for s in scores])
    agreement = (tops[:, None] == tops[None]).mean(axis=2)
    flat = np.stack([s.ravel() for s in scores]).astype(np.float64)
    flat -= flat.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(flat, axis=1)
    products = np.outer(norms, norms)
    correlation = np.divide(flat @ flat.T, products, out=np.zeros_like(products), where=products > 0)
    return dict(correlation=correlation.round(4).tolist(), agreement=agreement.round(4).tolist())


def _groups(work: Work, results: Results) -> tuple[Item | None, dict[str, list[Item]]]:
    """Tables by member."""
    ensembles = [item for item in work.done('Ensemble') if len(work.many(item, 'tables')) > 1]
    names = {item.name: entry.name for entry in results.entries()
             for item in [*entry.held.values(), *entry.val, *entry.test]}
    last = ensembles[-1] if ensembles else None
    tables = work.many(last, 'tables') if last else [
        item for entry in results.entries() if entry.kind == 'model' for item in entry.test]
    groups: dict[str, list[Item]] = {}
    for item in tables:
        groups.setdefault(names.get(item.name, item.name), []).append(item)
    if last and len(groups) < 2:  # folds of one model: then they are what is compared
        groups = {item.name: [item] for item in tables}
    return last, groups


def _sampled(groups: list[list[Item]]) -> tuple[int, list[np.ndarray]]:
    """The mean scores of each member on the same evenly spaced samples."""
    from mmcomp.predictions.formats.headers import open_table
    from mmcomp.predictions.joining import match_rows
    first = open_table(groups[0][0].first('table'))
    count = min(len(first), max(1, NUMBERS // first.scores.shape[1]))
    wanted = first.ids[np.linspace(0, len(first) - 1, count).astype(np.int64)]
    scores = []
    for group in groups:
        total = 0.
        for item in group:
            table = open_table(item.first('table'))
            rows = match_rows(wanted, table.ids, item.name)
            total = total + np.asarray(table.scores[rows], dtype=np.float32)
        scores.append(total / len(group))
    if len({s.shape for s in scores}) > 1:
        raise MMCompError('The members of the ensemble differ in classes; they are not compared.')
    return count, scores


def _weights(work: Work, stage: Item, groups: dict[str, list[Item]]) -> list[float] | None:
    """The share of each member, as the ensemble's table tells."""
    from mmcomp.predictions.formats.headers import read_header
    try:
        weights = read_header(stage.first('table'))['origin'].get('weights')
    except MMCompError as error:
        return work.note(error)
    order = [item.name for item in work.many(stage, 'tables')]
    if not isinstance(weights, list) or len(weights) != len(order):
        return None
    share = dict(zip(order, weights, strict=True))
    total = sum(map(abs, weights)) or 1.
    return [float(sum(share[item.name] for item in group) / total) for group in groups.values()]
