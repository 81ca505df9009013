"""The table that every step after training reads and writes."""
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from mmcomp.errors import TableError, did_you_mean, fault, shorten

KINDS = ('probability', 'logit', 'embedding', 'value')
SUM_TOLERANCE = {'float16': 2e-2, 'float32': 1e-3, 'float64': 1e-3}


@dataclass(frozen=True)
class PredictionTable:
    """Scores of a set of samples, joined by id and never by row position.

    Args:
        ids: Unique sample ids, ``(N,)`` strings; for images the path relative
            to the image root.
        scores: ``(N, C)`` floats.
        kind: ``probability`` (rows sum to one), ``logit``, ``embedding`` or
            ``value`` (anything else, such as a weighted sum of probabilities).
        classes: ``C`` class names in column order, or None where columns have
            no names.
        origin: Where the table came from: config hash, checkpoint, fold,
            validation score, … Plain JSON values only.

    Raises:
        TableError: If shapes or names do not fit together. The content of
            ``scores`` is only looked at by :meth:`check`, which has to read it.
    """
    ids: np.ndarray
    scores: np.ndarray
    kind: str = 'probability'
    classes: tuple[str, ...] | None = None
    origin: dict = field(default_factory=dict)

    def __post_init__(self):
        object.__setattr__(self, 'ids', np.asarray(self.ids, dtype=np.str_))
        if self.classes is not None:
            object.__setattr__(self, 'classes', tuple(str(c) for c in self.classes))
        if self.kind not in KINDS:
            raise TableError(fault(self.name, 'kind', f'one of {KINDS}', self.kind, 'Correct it.'))
        if self.scores.ndim != 2 or len(self.scores) != len(self.ids):
            raise TableError(fault(self.name, 'scores', f'of shape ({len(self.ids)}, C), a row an id',
                                   self.scores.shape, 'The file mixes two tables; write it anew.'))
        if self.scores.dtype.kind != 'f':
            raise TableError(fault(self.name, 'scores', 'floats', self.scores.dtype.name, 'Convert them.'))
        if self.classes is not None and len(self.classes) != self.scores.shape[1]:
            raise TableError(fault(self.name, 'classes', f'{self.scores.shape[1]} names, one a column',
                                   len(self.classes), 'Use the class list the model was trained with.'))
        self._refuse_duplicates('ids', self.ids)
        if self.classes is not None:
            self._refuse_duplicates('classes', np.asarray(self.classes))

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def name(self) -> str:
        """How errors call this table."""
        return str(self.origin.get('file', 'prediction table'))

    @property
    def class_names(self) -> tuple[str, ...]:
        """``classes``, or the column numbers where there are no names."""
        return self.classes or tuple(str(i) for i in range(self.scores.shape[1]))

    def labels(self) -> np.ndarray:
        """The column of each row's top score, ``(N,)`` integers."""
        labels = np.empty(len(self), dtype=np.int64)
        for start in range(0, len(self), 1024):  # numpy copies what is mapped read-only before it looks for a maximum
            labels[start:start + 1024] = self.scores[start:start + 1024].argmax(axis=1)
        return labels

    def check(self) -> 'PredictionTable':
        """Read every score; raise :class:`TableError` on NaN, infinity or, for
        probabilities, rows that do not sum to one. Returns the table itself."""
        for start in range(0, len(self), 4096):
            rows = np.asarray(self.scores[start:start + 4096], dtype=np.float32)
            self._refuse('finite', start, ~np.isfinite(rows).all(axis=1), 'Predict these samples again.')
            if self.kind == 'probability':
                bad = abs(rows.sum(axis=1) - 1) > SUM_TOLERANCE[self.scores.dtype.name]
                bad |= (rows < 0).any(axis=1)
                self._refuse('a probability row (no negatives, sum one)', start, bad,
                             'If these are logits or weighted sums, store them as kind `logit` or `value`.')
        return self

    def take(self, rows: np.ndarray) -> 'PredictionTable':
        """The table with the given rows, in the given order."""
        return replace(self, ids=self.ids[rows], scores=self.scores[rows])

    def select(self, names: Sequence[str]) -> 'PredictionTable':
        """The table with some of the columns, by name, in the given order; of probabilities ``value`` is left.

        Raises:
            TableError: If there is no such column.
        """
        known = list(self.class_names)
        if missing := [name for name in names if name not in known]:
            raise TableError(fault(self.name, 'columns', f'among {shorten(known, 12)}', shorten(missing),
                                   f'Correct the name.{did_you_mean(missing[0], known)}'))
        kind = 'value' if self.kind == 'probability' and len(names) < len(known) else self.kind
        scores = np.ascontiguousarray(self.scores[:, [known.index(name) for name in names]])
        return replace(self, scores=scores, kind=kind, classes=tuple(names))

    def _refuse_duplicates(self, name: str, values: np.ndarray) -> None:
        unique, counts = np.unique(values, return_counts=True)
        if len(unique) != len(values):
            raise TableError(fault(self.name, name, 'unique', shorten(unique[counts > 1]),
                                   'Keep one row of each.'))

    def _refuse(self, law: str, start: int, bad: np.ndarray, next_step: str) -> None:
        if bad.any():
            at = np.flatnonzero(bad) + start
            raise TableError(fault(self.name, 'scores', law, f'{len(at)} bad rows: {shorten(self.ids[at])}', next_step))
