"""Rare classes raised."""
from dataclasses import dataclass, replace

from mmcomp.errors import ConfigError, fault
from mmcomp.recipes.stage import STAGES, Output, Site, Stage, takes


@STAGES.register_module()
@dataclass(frozen=True)
class Boost(Stage):
    """Probabilities times weights that fall with a class's training samples; see
    :class:`mmcomp.predictions.counts.class_boost.Boost`.

    ``ann`` is the training list (or a CSV of class and count). With ``judge``, a table of
    out-of-fold predictions, whose classes are in ``truth`` (by default ``ann``), the
    strength that does best there for ``metric`` is taken, unless folds disagree;
    otherwise ``k``, ``g``, ``b`` or ``tau`` say it. ``table`` may be the judge itself; what
    it gains then is a little more than others will.
    """
    outputs = dict(table=Output('table', 'table.pkl'), weights=Output('file', 'weights.csv'))
    replayable = True
    table: str = takes('table')
    ann: str = takes('annotations', 'file')
    judge: str | None = takes('table', optional=True)
    truth: str | None = takes('annotations', 'labels', optional=True)
    metric: str = 'macro_f1'
    folds: int = 5
    k: float = 10.
    g: float = 1.
    b: float = 1.
    tau: float | None = None
    cap: float | None = None

    def run(self, site: Site) -> str:
        from mmcomp.predictions.counts.boost_files import read_counts, write_class_weights
        from mmcomp.predictions.counts.class_boost import Boost as Strength
        from mmcomp.predictions.counts.class_boost import boosted
        from mmcomp.predictions.tables import read_table, write_table
        if self.truth and not self.judge:
            raise ConfigError(fault(site.name, 'truth', 'with `judge`', self.truth, 'Name out-of-fold predictions.'))
        table = read_table(self.table)
        counts = read_counts(self.ann, table.class_names)
        strength, words = Strength(self.k, self.g, self.b, self.tau, self.cap), ''
        if self.judge:
            strength, words = self._tuned(table, counts)
        weights = strength.weights(counts)
        result = boosted(table, weights)
        origin = site.origin(boost=str(strength), teachers=site.teachers.get('table', []))
        write_table(replace(result, origin=origin), site.folder / 'table.pkl')
        write_class_weights(site.folder / 'weights.csv', table.class_names, weights)
        return f'{strength}: {(result.labels() != table.labels()).sum()} of {len(table)} labels are new{words}'

    def _tuned(self, table, counts) -> tuple:
        from mmcomp.predictions.counts.class_boost import BOOSTS, tune_boost
        from mmcomp.predictions.formats.headers import open_table
        from mmcomp.predictions.labelled import labelled_columns
        # Out-of-fold predictions may be boosted themselves, to see what it does to them.
        like = table.take(slice(0)) if self.judge == self.table else table
        labelled, truth = labelled_columns(open_table(self.judge), self.truth or self.ann, like)
        tuned = tune_boost(labelled, truth, counts, self.metric, [replace(boost, cap=self.cap) for boost in BOOSTS],
                           self.folds)
        told = ', refused, for folds disagree' if tuned.refused else ''
        return tuned.chosen, f'; {tuned.metric.name} {tuned.plain:.5f} to {tuned.value:.5f}{told}'
