"""What predictions on toxic texts are worth: the competition's score, and bias on sets that nobody trained on."""
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmcomp.competitions.jigsaw.bias import OVERALL_WEIGHT, POWER, is_yes, jigsaw_areas
from mmcomp.competitions.jigsaw.columns import MAIN, METRIC_IDENTITIES
from mmcomp.metrics.bias_auc import bias_areas, bias_score, slice_means
from mmcomp.metrics.roc_auc import roc_auc
from mmcomp.predictions.joining import match_rows

# Of the held-out rows, and of the other sets.
HELD_OUT = {'score': 'score', 'auc': 'AUC', 'subgroup': 'subgroups', 'bpsn': 'BPSN', 'bnsp': 'BNSP',
            'worst': 'worst subgroup', 'within': 'AUC within a set'}
ELSEWHERE = {'templates': 'templates: AUC', 'templates_subgroup': 'worst subgroup', 'templates_bpsn': 'worst BPSN',
             'templates_bnsp': 'worst BNSP', 'hatecheck': 'HateCheck: AUC', 'wikipedia': 'Wikipedia: AUC'}


@dataclass(frozen=True)
class Rung:
    """A step: what it is worth by each measure, and the step it is compared with.

    Steps whose names are in brackets are no part of the road.
    """
    name: str
    values: dict[str, float]
    over: str | None = None


class Judge:
    """Truth of all sets that are predicted.

    Args:
        root: As :func:`mmcomp.testing.proofs.toxic_texts.write_toxic_texts` leaves it.
    """

    def __init__(self, root: Path):
        import pandas as pd
        names = ('val', 'test', 'templates', 'hatecheck', 'wikipedia')
        self.sets = {name: pd.read_csv(root / f'{name}.csv') for name in names}
        self.sources = self.sets['test']['source'].to_numpy()

    def judge(self, ids: Sequence[str], scores: np.ndarray) -> dict[str, float]:
        """Every measure of scores ``(N,)`` of at least all samples that are judged."""
        found = {name: scores[match_rows(table['id'].tolist(), ids, 'scores')] for name, table in self.sets.items()}
        test, target = self.sets['test'], self.sets['test'][MAIN].to_numpy()
        areas = jigsaw_areas(target, test[list(METRIC_IDENTITIES)].to_numpy(), found['test'])
        values = dict(score=bias_score(areas, POWER, OVERALL_WEIGHT, 'skip'), auc=areas.overall,
                      **slice_means(areas, POWER, 'skip'), worst=float(np.nanmin(areas.subgroup)))
        values['within'] = float(np.mean([roc_auc(is_yes(target[rows]), found['test'][rows])
                                          for rows in (self.sources == name for name in np.unique(self.sources))]))
        return values | self._templates(found['templates']) | {
            name: roc_auc(is_yes(self.sets[name][MAIN].to_numpy()), found[name]) for name in ('hatecheck', 'wikipedia')}

    def _templates(self, scores: np.ndarray) -> dict[str, float]:
        table = self.sets['templates']
        names = [name for name in table.columns if name not in ('id', 'comment_text', MAIN)]
        areas = bias_areas(is_yes(table[MAIN].to_numpy()), is_yes(table[names].to_numpy()), scores)
        return dict(templates=areas.overall) | {
            f'templates_{name}': float(np.nanmin(values)) for name, values in areas.slices().items()}


def compare_rungs(seeds: Sequence[Sequence[Rung]], measures: dict[str, str], gain_of: str) -> list[list[str]]:
    """Rows of a Markdown table: mean and standard deviation over seeds, in points of a hundred.

    Args:
        seeds: Rungs of each seed.
        measures: ``{measure: head of its column}``.
        gain_of: The measure whose gain over the step before is shown, with its deviation over seeds, seed by seed.
    """
    by_name = [{rung.name: rung for rung in rungs} for rungs in seeds]
    rows = [['step', *measures.values(), f'{measures[gain_of]}: gain', 'over']]
    for first in seeds[0]:
        here = [rungs[first.name] for rungs in by_name if first.name in rungs]
        gains = [rungs[first.name].values[gain_of] - rungs[first.over].values[gain_of]
                 for rungs in by_name if first.over and {first.name, first.over} <= set(rungs)]
        rows.append([first.name, *(spread([rung.values[name] for rung in here]) for name in measures),
                     spread(gains, '+'), first.over or ''])
    return rows


def spread(values: Sequence[float], sign: str = '') -> str:
    """``12.34 ± 0.56``: mean and standard deviation of shares, in points of a hundred."""
    if not len(values):
        return ''
    deviation = f' ± {100 * np.std(values, ddof=1):.2f}' if len(values) > 1 else ''
    return f'{100 * np.mean(values):{sign}.2f}{deviation}'
