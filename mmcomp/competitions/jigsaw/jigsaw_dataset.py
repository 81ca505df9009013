"""The competition's comments, with the weights of the published solution."""
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mmcomp.competitions.jigsaw.bias import is_yes
from mmcomp.competitions.jigsaw.columns import ALIAS, COUNTS, MAIN, METRIC_IDENTITIES, TARGETS
from mmcomp.competitions.jigsaw.weights import sample_weights
from mmcomp.datasets import TabularTextDataset
from mmcomp.errors import ConfigError, DataError, fault
from mmcomp.registry import DATASETS


@DATASETS.register_module()
class JigsawDataset(TabularTextDataset):
    """Comments with six targets in [0, 1], sample weights, and the shares of raters for nine identities.

    A sample also has, as meta information, ``groups`` ``(9,)`` where the table
    has the identities. A missing share means that nobody was asked, and counts
    as a no; a table in which an identity is missing in every row is refused
    for training with weights, as it was written without its annotations. Rows
    of one class alone are refused where targets are required: there is nothing
    to learn from them, nor to validate on. Rows of the released test tables have ``toxicity`` in place of ``target``.

    Args:
        ann_file: As of the base class, as all that is not here.
        target_cols: Targets; the first is the main one.
        identity_cols: Identities of ``groups`` and of the weights.
        sample_weight: Settings of :func:`mmcomp.competitions.jigsaw.weights.sample_weights`: ``mode``,
            ``identity_mult``, ``confidence``, ``clip``. They are worked out on the rows of this data set alone, after
            ``id_list``: give it to the data set that is trained on. In place of ``weight_col``.
        count_col: Number of raters, for ``confidence``.

    Raises:
        ConfigError: With both ``sample_weight`` and ``weight_col``.
    """
    row_wise = (*TabularTextDataset.row_wise, 'groups', 'main', 'counts', 'toxic')

    def __init__(self, ann_file: str = '', *, text_col: str | Sequence[str] = 'comment_text', id_col: str = 'id',
                 target_cols: Sequence[str] = TARGETS, identity_cols: Sequence[str] = METRIC_IDENTITIES,
                 sample_weight: Mapping[str, Any] | None = None, count_col: str = COUNTS[1],
                 label_alias: dict[str, str] | None = None, **kwargs):
        self.identity_cols, self.count_col = list(identity_cols), count_col
        self.sample_weight = None if sample_weight is None else dict(sample_weight)
        if self.sample_weight is not None and kwargs.get('weight_col'):
            raise ConfigError(fault(type(self).__name__, 'sample_weight, weight_col', 'given one at a time',
                                    (sample_weight, kwargs['weight_col']), 'Compute weights, or name their column.'))
        alias = ALIAS if label_alias is None else label_alias
        super().__init__(ann_file, text_col=text_col, id_col=id_col, target_cols=target_cols, label_alias=alias,
                         **kwargs)

    def extra_columns(self) -> dict[str, bool]:
        """Identities, which a table may lack without weights, and what weights need."""
        weighing = self.sample_weight is not None
        counts = {self.count_col: True} if weighing and self.sample_weight.get('confidence') else {}
        return dict.fromkeys(self.identity_cols, weighing) | counts | ({MAIN: True} if weighing else {})

    def get_data_info(self, idx: int) -> dict:
        info = super().get_data_info(idx)
        if self.groups is not None:
            info['groups'] = self.groups[idx]
        return info

    def full_init(self) -> None:
        """Read the table; weights follow from the rows that stay."""
        if self._fully_initialized:
            return
        super().full_init()
        if self.require_targets and self.toxic is not None:
            self._refuse_one_class()
        if self.sample_weight is not None:
            found = sample_weights(self.main, self.groups, self.counts, **self.sample_weight)
            self.weights = found.astype(np.float32)

    def _read_targets(self, table: dict) -> np.ndarray:
        self.main, self.counts = table.get(MAIN), table.get(self.count_col)
        self.groups = None
        if self.identity_cols and set(self.identity_cols) <= set(table):
            self.groups = np.stack([table[name] for name in self.identity_cols], axis=1).astype(np.float32)
            wrong = np.argwhere((self.groups < 0) | (self.groups > 1))
            if len(wrong):
                row, column = wrong[0]
                raise DataError(fault(self.name, self.identity_cols[column], f'in [0, 1] ({len(wrong)} cells are not)',
                                      f'row {row}: {self.groups[row, column]:g}', 'Scale the column.'))
            if self.sample_weight is not None:
                self._refuse_silent_identities()
        kept = super()._read_targets(table)
        # Of the readers, before teachers' scores take the place of their shares.
        self.toxic = None if self.targets is None else is_yes(self.targets[:, 0])
        return kept

    def _refuse_one_class(self) -> None:
        if self.toxic.all() or not self.toxic.any():
            raise DataError(fault(self.name, self.target_cols[0], 'at least .5 in some rows and below in others',
                                  f'{self.toxic.sum()} of {len(self.toxic)} rows', 'Check the column, or `id_list`.'))

    def _refuse_silent_identities(self) -> None:
        silent = np.isnan(self.groups).all(axis=0)
        if silent.any():
            names = ', '.join(name for name, is_silent in zip(self.identity_cols, silent, strict=True) if is_silent)
            raise DataError(fault(self.name, names, 'answered in some row', 'only missing values',
                                  'Take the table with annotations, or leave them out of `identity_cols`.'))
