"""Labels as even in number as the test set is."""
from dataclasses import dataclass
from typing import Any

from mmcomp.recipes.stage import STAGES, Output, Site, Stage, takes


@STAGES.register_module()
@dataclass(frozen=True)
class Redistribute(Stage):
    """Choose labels whose counts fit; see :func:`mmcomp.predictions.counts.redistribution.redistribution`.

    ``counts`` is a pair, fewest and most samples a class. Without any option
    the predictions decide how far to go towards even counts.
    """
    outputs = dict(labels=Output('labels', 'labels.csv'))
    replayable = True
    table: str = takes('table')
    method: str | None = None
    K: int | None = None
    counts: Any = None
    strength: Any = None

    def run(self, site: Site) -> str:
        from mmcomp.predictions.counts.label_moves import how_it_went
        from mmcomp.predictions.counts.redistribution import redistribution
        from mmcomp.predictions.formats.headers import open_table
        from mmcomp.predictions.labels.label_files import names_of, write_labels
        table = open_table(self.table)
        found = redistribution(table, self.method, self.K, tuple(self.counts) if self.counts else None, self.strength)
        write_labels(site.folder / 'labels.csv', table.ids, names_of(table, found.labels))
        moved = f'{(found.labels != table.labels()).sum()} of {len(table)} samples have a new label'
        return '; '.join([moved, *how_it_went(found, table)])
