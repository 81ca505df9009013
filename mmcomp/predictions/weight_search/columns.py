"""Evidence for metrics of one score a row: the probability of the true class, or the score of the positive one."""
from dataclasses import dataclass

import numpy as np

from mmcomp.predictions.weight_search.around import PlainAround, weighted_sum


@dataclass(frozen=True)
class Column:
    """One score a row and member; ``values`` is ``(M, N)`` float32."""
    values: np.ndarray

    def __len__(self) -> int:
        return self.values.shape[1]

    @property
    def members(self) -> int:
        """M."""
        return len(self.values)

    def combine(self, weights: np.ndarray) -> np.ndarray:
        """Weighted sums, ``(N,)`` float64."""
        return weighted_sum(self.values, weights)

    def outcome(self, raw: np.ndarray) -> np.ndarray:
        """What the metric looks at: the sums themselves."""
        return raw

    def around(self, raw: np.ndarray) -> PlainAround:
        """To try weights near those of the sums ``(N,)``."""
        return PlainAround(self, raw)

    def take(self, mask: np.ndarray) -> 'Column':
        """The evidence of the rows in ``mask`` ``(N,)``."""
        return Column(np.ascontiguousarray(self.values[:, mask]))

    def select(self, members: np.ndarray) -> 'Column':
        """The evidence for some of the members."""
        return Column(self.values[members])
