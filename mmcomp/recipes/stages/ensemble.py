"""The weighted mean of prediction tables."""
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from mmcomp.recipes.stage import STAGES, Output, Site, Stage, takes


@STAGES.register_module()
@dataclass(frozen=True)
class Ensemble(Stage):
    """The weighted sum of tables.

    Weights are equal, or ``weights``, or the file ``shares`` of a
    :class:`Weigh`; with ``scale`` they follow the accuracies that are recorded
    in ``judges`` (predictions of labelled samples, a table a member), or in the
    tables themselves, as the published ``(accuracy / lowest)^factor / M``.
    Tables of one training's checkpoints, the oldest first, are weighed 1, 2, 4, …
    by ``weights='exp2'``. ``method``, ``power``, ``temperatures`` and
    ``partial``, which joins the tables of folds, are those of
    :func:`mmcomp.predictions.ensembles.ensembling.ensemble_stream`; ``columns`` keeps some
    classes or tasks of the result; ``{new name: column}`` renames them, so that models call a task alike.
    """
    outputs = dict(table=Output('table', 'table.pkl'))
    replayable = True
    tables: Sequence[str] = takes('table', many=True)
    judges: Sequence[str] | None = takes('table', many=True, optional=True)
    shares: str | None = takes('shares', optional=True)
    weights: Sequence[float] | str | None = None
    scale: bool = False
    factor: float = 1.
    method: str = 'mean'
    power: float = 1.
    temperatures: Sequence[float] | None = None
    class_weights: str | None = takes('file', optional=True)
    partial: bool = False
    columns: Sequence[str] | Mapping[str, str] | None = None

    def run(self, site: Site) -> str:
        from mmcomp.predictions.ensembles.ensembling import ensemble
        from mmcomp.predictions.ensembles.member_weights import (
            accuracy_weights,
            member_accuracies,
            read_weights,
            shares,
        )
        from mmcomp.predictions.tables import write_table
        count = len(self.tables)
        if self.scale:
            weights = accuracy_weights(member_accuracies(self.judges or self.tables)[0], self.factor)
        else:
            given = read_weights([self.shares], self.tables) if self.shares else self.weights
            weights = shares(given, count)
        shown = [1 / count] * count if weights is None else [float(w) for w in weights]
        table = ensemble(self.tables, weights, method=self.method, power=self.power, temperatures=self.temperatures,
                         class_weights=self.class_weights, partial=self.partial)
        table = replace(table, origin=site.origin(weights=shown, teachers=site.teachers.get('tables', [])))
        if self.columns is not None:
            named = isinstance(self.columns, Mapping)
            table = table.select(list(self.columns.values()) if named else self.columns)
            table = replace(table, classes=tuple(self.columns))
        write_table(table, site.folder / 'table.pkl')
        return f'{count} tables'
