"""One of several folds."""
from dataclasses import dataclass

import numpy as np

from mmcomp.annotations import read_list, write_list
from mmcomp.errors import ConfigError, fault
from mmcomp.recipes.stage import STAGES, Output, Site, Stage, takes


@STAGES.register_module()
@dataclass(frozen=True)
class Split(Stage):
    """The rows to train on and the rows held back in one of ``folds`` stratified folds.

    ``matrix=dict(fold=range(5))`` with ``fold='{fold}'`` gives all of them. A
    pattern ``groups`` keeps rows in one fold whose paths have the same match,
    a file ``group_list`` of ``path group`` lines those of the same group. With
    ``stratified=False`` rows are drawn without a look at their classes.
    """
    outputs = dict(train=Output('annotations', 'train.txt'), val=Output('annotations', 'val.txt'))
    ann: str = takes('annotations')
    folds: int = 5
    fold: int = 0
    seed: int = 0
    groups: str | None = None
    group_list: str | None = takes('file', optional=True)
    stratified: bool = True

    def run(self, site: Site) -> str:
        from mmcomp.predictions.labels.folds import grouped_folds, groups_by_regex, read_groups, stratified_folds
        if not 0 <= self.fold < self.folds:
            raise ConfigError(fault(site.name, 'fold', f'0 to {self.folds - 1}', self.fold, 'Correct it.'))
        paths, labels = read_list(self.ann)
        kinds = labels if self.stratified else np.zeros_like(labels)
        if self.group_list:
            where = grouped_folds(kinds, read_groups(self.group_list, paths), self.folds, self.seed)
        elif self.groups:
            where = grouped_folds(kinds, groups_by_regex(paths, self.groups), self.folds, self.seed)
        else:
            where = stratified_folds(kinds, self.folds, self.seed)
        held = where == self.fold
        for name, rows in (('train', ~held), ('val', held)):
            at = np.flatnonzero(rows)
            write_list(site.folder / f'{name}.txt', [paths[i] for i in at], labels[at])
        return f'{(~held).sum()} rows to train on, {held.sum()} held back'
