"""What new labels changed: how many samples moved, at what cost, and between which classes."""
from dataclasses import dataclass

import numpy as np

from mmcomp.errors import shorten
from mmcomp.predictions.counts.redistribution import Redistribution
from mmcomp.structures import PredictionTable

MOST = 5


@dataclass(frozen=True)
class LabelMoves:
    """From top scores to new labels.

    Args:
        before: Top classes, ``(N,)``.
        after: New labels, ``(N,)``.
        number: Samples whose label changed.
        mass: Sum over them of the top score minus the score of the new label.
        total: Sum of all top scores.
        classes: C.
    """
    before: np.ndarray
    after: np.ndarray
    number: int
    mass: float
    total: float
    classes: int

    def changes(self) -> np.ndarray:
        """Samples that each class gained, ``(C,)``; negative where it lost."""
        return np.bincount(self.after, minlength=self.classes) - np.bincount(self.before, minlength=self.classes)

    def most(self, names: tuple[str, ...]) -> str:
        """``gained most: 0007 +12, …; lost most: …``; empty where nothing moved."""
        change, parts = self.changes(), []
        for word, sign in (('gained', 1), ('lost', -1)):
            order = np.argsort(-sign * change, kind='stable')[:MOST]
            shown = [f'{names[c]} {change[c]:+d}' for c in order if sign * change[c] > 0]
            parts += [f'{word} most: {", ".join(shown)}'] if shown else []
        return '; '.join(parts)


def label_moves(table: PredictionTable, before: np.ndarray, after: np.ndarray) -> LabelMoves:
    """Compare labels, ``(N,)`` each; only rows of samples that moved are read once more."""
    rows, lost, total = np.flatnonzero(before != after), 0., 0.
    for start in range(0, len(before), 4096):
        at = np.arange(start, min(start + 4096, len(before)))
        total += float(table.scores[at, before[at]].sum(dtype=np.float64))
    for start in range(0, len(rows), 4096):
        at = rows[start:start + 4096]
        top, new = (table.scores[at, labels[at]].astype(np.float64) for labels in (before, after))
        lost += float((top - new).sum())
    return LabelMoves(before, after, len(rows), lost, total, table.scores.shape[1])


def how_it_went(found: Redistribution, table: PredictionTable) -> list[str]:
    """Sentences on the choice and the certificate."""
    words, samples = [], len(table)
    if found.evidence is not None:
        words.append(_evident(found))
    if found.optimum is not None:
        best = found.optimum
        words.append(f'log probability of the labels: {best.total:.2f}; no labels within the bounds have more than '
                     f'{best.bound:.2f} (gap {best.gap:.2g}, {best.gap / samples:.1g} a sample, over all classes)')
    if found.prior is not None:
        counts = found.prior * samples
        order = np.argsort(-counts, kind='stable')
        words.append(f'prior: {counts.min():.3g} to {counts.max():.3g} samples a class, most of '
                     + shorten([f'{table.class_names[c]} ({counts[c]:.3g})' for c in order[:MOST]]))
    return words


def _evident(found: Redistribution) -> str:
    seen = found.evidence
    rise = f'mean top probability {seen.rise:+.4f} ± {seen.error:.4f}'
    if not seen.value:
        return (f'nothing is known of the counts, and the predictions do not get surer towards even ones ({rise}): top '
                'scores stay as they are. If the classes are known to be even: --method assignment')
    return (f'nothing is known of the counts; the predictions get surer towards even ones ({rise}): sinkhorn at '
            f'strength {seen.value:g}. If the classes are known to be even: --method assignment')
