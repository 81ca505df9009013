"""Texts of several sets, some of whose targets nobody asked for."""
import numpy as np

from mmcomp.datasets import TabularTextDataset


class PartlyLabelledTexts(TabularTextDataset):
    """Missing targets stay NaN, which :class:`WeightedMultiTaskBCELoss` does not count."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, nan_policy='zero', **kwargs)

    def _read_targets(self, table: dict) -> np.ndarray:
        kept = super()._read_targets(table)
        if self.targets is not None:
            self.targets[np.isnan(np.stack([table[name] for name in self.target_cols], axis=1))] = np.nan
        return kept
