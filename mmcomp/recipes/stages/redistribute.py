"""Labels as even in number as the test set is."""
from dataclasses import dataclass
from typing import Any

from mmcomp.recipes.stage import STAGES, Output, Site, Stage, takes


@STAGES.register_module()
@dataclass(frozen=True)
class Redistribute(Stage):
    """Give every class about as many samples; see :func:`mmcomp.predictions.redistribution.redistribute`."""
    outputs = dict(labels=Output('labels', 'labels.csv'))
    replayable = True
    table: str = takes('table')
    method: str | None = None
    K: int | None = None
    counts: Any = None
    strength: Any = None

    def run(self, site: Site) -> str:
        from mmcomp.predictions.headers import open_table
        from mmcomp.predictions.label_files import names_of, write_labels
        from mmcomp.predictions.redistribution import redistribute
        table = open_table(self.table)
        labels = redistribute(table, self.method, self.K, tuple(self.counts) if self.counts else None, self.strength)
        write_labels(site.folder / 'labels.csv', table.ids, names_of(table, labels))
        return f'{(labels != table.labels()).sum()} of {len(table)} samples have a new label'
