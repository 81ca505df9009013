"""A training list without its wrong labels."""
from collections.abc import Sequence
from dataclasses import dataclass

from mmcomp.annotations import read_list, write_list
from mmcomp.recipes.stage import STAGES, Output, Site, Stage, takes


@STAGES.register_module()
@dataclass(frozen=True)
class Clean(Stage):
    """Drop or relabel the rows that out-of-fold predictions speak against.

    Relabelling pays where the predictions are right more often than the
    labels; it leaves rare classes their rows. Rows without a prediction stay.
    """
    outputs = dict(ann=Output('annotations', 'train.txt'), patch=Output('file', 'patch.csv'))
    replayable = True
    ann: str = takes('annotations')
    tables: Sequence[str] = takes('table', many=True)
    method: str = 'confident_learning'
    action: str = 'drop'
    max_fraction: float = 1.

    def run(self, site: Site) -> str:
        from mmcomp.predictions.labels.cleaning import find_label_issues, gather_out_of_fold
        from mmcomp.predictions.labels.label_patch import LabelPatch, apply_patch, write_patch
        from mmcomp.predictions.tables import read_table
        paths, labels = read_list(self.ann)
        rows, scores = gather_out_of_fold([read_table(t) for t in self.tables], paths)
        issues = find_label_issues(scores, labels[rows], self.method, max_fraction=self.max_fraction)
        at = rows[issues.rows]
        patch = LabelPatch([paths[i] for i in at], labels[at], issues.suggested, issues.scores, [self.action] * len(at))
        write_patch(patch, site.folder / 'patch.csv')
        write_list(site.folder / 'train.txt', *apply_patch(patch, paths, labels, self.ann))
        return f'{len(at)} of {len(paths)} labels look wrong'
