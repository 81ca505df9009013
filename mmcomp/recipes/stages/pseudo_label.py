"""Test samples that the models are sure of, as training rows."""
import csv
from dataclasses import dataclass

import numpy as np

from mmcomp.annotations import write_list
from mmcomp.errors import ConfigError, fault
from mmcomp.files import atomic_open
from mmcomp.recipes.stage import STAGES, Output, Site, Stage, takes


@STAGES.register_module()
@dataclass(frozen=True)
class PseudoLabel(Stage):
    """A training list and after it the test samples whose top score is above a threshold.

    ``threshold`` is one on probabilities; ``keep`` chooses the one that keeps
    that part of the test set. With ``even`` the classes are scaled to even
    counts first, and none gives more than N / C. ``rows.csv`` says of each new
    row its score and which trainings its label goes back to.
    """
    outputs = dict(ann=Output('annotations', 'train.txt'), rows=Output('file', 'rows.csv'))
    replayable = True
    table: str = takes('table')
    ann: str = takes('annotations')
    threshold: float | None = None
    keep: float | None = None
    even: bool = False
    max_per_class: int | None = None
    prefix: str = 'test'

    def run(self, site: Site) -> str:
        from mmcomp.predictions.prior_scaling import even_table
        from mmcomp.predictions.pseudo_labels import merge, pseudo_labels, top_scores
        from mmcomp.predictions.tables import read_table
        if (self.threshold is None) == (self.keep is None):
            raise ConfigError(fault(site.name, 'threshold, keep', 'one of them', (self.threshold, self.keep),
                                    'Give a threshold, or the part of the test set to keep.'))
        table = even_table(read_table(self.table)) if self.even else read_table(self.table)
        rows, classes = table.scores.shape
        threshold = self.threshold
        if threshold is None:
            threshold = float(np.quantile(top_scores(table)[1], 1 - self.keep))
        limit = self.max_per_class or (-(-rows // classes) if self.even else None)
        found = pseudo_labels(table, threshold, self.prefix, limit)
        teachers = ' '.join(site.teachers.get('table', []))
        with atomic_open(site.folder / 'rows.csv', newline='') as file:
            writer = csv.writer(file, lineterminator='\n')
            writer.writerow(('path', 'label', 'score', 'teachers'))
            writer.writerows((path, int(label), f'{score:.6g}', teachers)
                             for path, label, score in zip(found.paths, found.labels, found.scores, strict=True))
        write_list(site.folder / 'train.txt', *merge(found, self.ann, classes))
        return f'{len(found.paths)} of {rows} samples above {threshold:.2f}'
