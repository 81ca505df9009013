"""What lies on the straight line between a soup and a checkpoint, and what that says.

Two models that went apart from one start late in training lie in one basin:
on the line between them the loss is no higher than at its ends, and a mean is
as good as both. Where it rises above both ends there is a barrier, and no mean
of the two will do. Source: Frankle et al., *Linear Mode Connectivity*, ICML
2020 (arXiv 1912.05671).
"""
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Score:
    """What the validation data say of a model.

    Args:
        metric: The metric asked for.
        loss: Mean negative log probability of the true class, if there are probabilities.
        name: The metric's.
    """
    metric: float
    loss: float | None = None
    name: str = ''

    def __str__(self) -> str:
        loss = '' if self.loss is None else f', loss {self.loss:.4f}'
        return f'{self.name or "metric"} {self.metric:.4f}{loss}'


@dataclass(frozen=True)
class Line:
    """Scores on the way from a soup to a member.

    Args:
        alphas: Share of the member: 0 is the soup, 1 the member alone; rising.
        scores: One each.
        larger_is_better: Of the metric.
    """
    alphas: tuple[float, ...]
    scores: tuple[Score, ...]
    larger_is_better: bool = True

    def barrier(self) -> float:
        """How far the loss (the metric, where there is no loss) gets worse than the straight line
        between the ends; 0 if it never does."""
        costs = self._costs()
        chords = [costs[0] + alpha * (costs[-1] - costs[0]) for alpha in self.alphas]
        return max(cost - chord for cost, chord in zip(costs, chords))

    def has_hill(self) -> bool:
        """Whether a point between is worse than both ends."""
        costs = self._costs()
        return max(costs[1:-1], default=float('-inf')) > max(costs[0], costs[-1])

    def best(self) -> int:
        """Where the metric is best; the nearest to the soup among equals."""
        sign = 1 if self.larger_is_better else -1
        return max(range(len(self.alphas)), key=lambda i: (sign * self.scores[i].metric, -i))

    def verdict(self) -> str:
        """Why a member does not help, in words."""
        best = self.best()
        if self.has_hill():
            return f'barrier of {self.barrier():.3g}: another basin, no mean of the two is good'
        if 0 < best < len(self.alphas) - 1:
            score = self.scores[best].metric
            return f'same basin; a smaller share would help: {self.alphas[best]:.3g} of it gives {score:.4f}'
        if best:
            return 'same basin, and better alone: the soup drags it down'
        return 'same basin, but worse all the way: it adds nothing'

    def _costs(self) -> list[float]:
        if all(score.loss is not None for score in self.scores):
            return [score.loss for score in self.scores]
        return [-score.metric if self.larger_is_better else score.metric for score in self.scores]


def line_shares(soup: Sequence[float], member: int, alpha: float) -> list[float]:
    """Shares of the point ``(1 - alpha) * soup + alpha * member``."""
    return [(1 - alpha) * share + alpha * (place == member) for place, share in enumerate(soup)]
