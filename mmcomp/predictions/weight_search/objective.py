"""The value of weights on some rows of the evidence; higher is better, also for losses."""
from dataclasses import dataclass

import numpy as np

from mmcomp.metrics.by_name import Metric
from mmcomp.predictions.weight_search.candidates import Candidates
from mmcomp.predictions.weight_search.columns import Column
from mmcomp.predictions.weight_search.gathering import Evidence


@dataclass(frozen=True)
class Objective:
    """What a search maximises.

    Args:
        metric: Its name and function.
        scores: ``(M, …)`` evidence of N rows.
        true: ``(M, N)`` scores of the true classes.
        truth: ``(N,)`` true classes.
        kind: Of the scores.
    """
    metric: Metric
    scores: Candidates | Column
    true: np.ndarray
    truth: np.ndarray
    kind: str

    @classmethod
    def of(cls, evidence: Evidence, rows: np.ndarray | None = None) -> 'Objective':
        """The objective on the rows of a mask ``(N,)``; None for all."""
        if rows is None or rows.all():
            return cls(evidence.metric, evidence.scores, evidence.true, evidence.truth, evidence.kind)
        return cls(evidence.metric, evidence.scores.take(rows), evidence.true[:, rows], evidence.truth[rows],
                   evidence.kind)

    @property
    def members(self) -> int:
        """M."""
        return self.scores.members

    def judge(self, outcome: np.ndarray) -> float:
        """The value of what the metric looks at ``(N,)``."""
        return self.metric.sign * self.metric.value(outcome, self.truth)

    def outcome(self, weights: np.ndarray) -> np.ndarray:
        """What the metric looks at under ``weights`` ``(M,)``; ``(N,)``."""
        return self.scores.outcome(self.scores.combine(weights))

    def __call__(self, weights: np.ndarray) -> float:
        return self.judge(self.outcome(weights))

    def vertices(self) -> np.ndarray:
        """The value of each member alone, ``(M,)``."""
        return np.array([self(row) for row in np.eye(self.members)])
