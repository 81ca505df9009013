"""Test samples that the models are sure of, as training rows."""
import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace

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
    counts first, and none gives more than N / C. Further filters:
    ``max_entropy`` (nats), ``min_agreement`` (part of the tables in ``members`` that
    say the same class), ``balanced`` (no class gives more than the mean of the
    classes). ``rows.csv`` says of each new row its score and which trainings its
    label goes back to; ``classes.csv`` how many of each class are kept. With ``soft``
    the probabilities of the rows kept are left, too, as float16 targets.
    """
    outputs = dict(ann=Output('annotations', 'train.txt'), rows=Output('file', 'rows.csv'),
                   classes=Output('file', 'classes.csv'))
    replayable = True
    table: str = takes('table')
    ann: str = takes('annotations')
    threshold: float | None = None
    keep: float | None = None
    even: bool = False
    max_per_class: int | None = None
    prefix: str = 'test'
    members: Sequence[str] | None = takes('table', many=True, optional=True)
    max_entropy: float | None = None
    min_agreement: float | None = None
    balanced: bool = False
    soft: bool = False

    def declared_outputs(self) -> dict[str, Output]:
        return self.outputs | (dict(soft=Output('table', 'soft.pkl')) if self.soft else {})

    def run(self, site: Site) -> str:
        from mmcomp.predictions.counts.prior_scaling import even_table
        from mmcomp.predictions.labels.pseudo_filters import check_filters, row_signals, write_kept
        from mmcomp.predictions.labels.pseudo_labels import filtered_labels, merge, top_scores
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
        members = list(self.members or ())
        check_filters(site.name, self.max_entropy, self.min_agreement, len(members))
        signals = row_signals(table, [read_table(member) for member in members])
        found, kept = filtered_labels(table, signals, self.prefix, threshold=threshold, max_per_class=limit,
                                      max_entropy=self.max_entropy, min_agreement=self.min_agreement,
                                      balanced=self.balanced)
        write_kept(site.folder / 'classes.csv', signals, kept, table.class_names)
        if self.soft:
            self._write_soft(site, table, kept)
        teachers = ' '.join(site.teachers.get('table', []))
        with atomic_open(site.folder / 'rows.csv', newline='') as file:
            writer = csv.writer(file, lineterminator='\n')
            writer.writerow(('path', 'label', 'score', 'teachers'))
            writer.writerows((path, int(label), f'{score:.6g}', teachers)
                             for path, label, score in zip(found.paths, found.labels, found.scores, strict=True))
        write_list(site.folder / 'train.txt', *merge(found, self.ann, classes))
        return f'{len(found.paths)} of {rows} samples above {threshold:.2f}'

    def _write_soft(self, site: Site, table, kept: np.ndarray) -> None:
        from mmcomp.predictions.labels.pseudo_filters import soft_table
        from mmcomp.predictions.tables import write_table
        prefix = f'{self.prefix.rstrip("/")}/' if self.prefix else ''
        soft = soft_table(table, kept)
        ids = [f'{prefix}{name}' for name in soft.ids]
        origin = site.origin(teachers=site.teachers.get('table', []))
        write_table(replace(soft, ids=np.array(ids), origin=origin), site.folder / 'soft.pkl')
