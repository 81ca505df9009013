"""Scores against known labels, step by step."""
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from mmcomp.files import write_json
from mmcomp.recipes.stage import STAGES, Output, Site, Stage, takes


@STAGES.register_module()
@dataclass(frozen=True)
class Score(Stage):
    """What each step adds, where the truth is known.

    Args:
        truth: The list of true classes; of a metric of groups that of their codes.
        classes: Class names in label order, for steps that are label files.
        steps: Tables or labels by the step's name, in order.
        metric: By name; see :mod:`mmcomp.metrics.by_name`.
        column: Class or task that a metric of one score takes.
        partial: Judge by the samples that all steps have, not by all of ``truth``.
    """
    outputs = dict(ladder=Output('ladder', 'ladder.json'), text=Output('file', 'ladder.md'))
    replayable = True
    truth: str = takes('annotations')
    classes: str | None = takes('file', optional=True)
    steps: Mapping[str, str] = takes('table', 'labels', many=True)
    metric: str = 'accuracy'
    column: str | None = None
    partial: bool = False

    def run(self, site: Site) -> str:
        from mmcomp.recipes.ladder import Ladder, ladder_rows, write_ladder
        names = Path(self.classes).read_text(encoding='utf-8').splitlines() if self.classes else ()
        ladder = Ladder(Path(self.truth), names, self.metric, self.column)
        if self.partial:
            ladder.keep(Path(result) for result in self.steps.values())
        for done, (name, result) in enumerate(self.steps.items()):
            ladder.add(name, Path(result))
            site.progress(done + 1, len(self.steps), 'steps')
        write_json(site.folder / 'ladder.json', [asdict(rung) for rung in ladder.rungs])
        write_ladder(site.folder / 'ladder.md', ladder.rungs)
        first, last = ladder.rungs[0], ladder.rungs[-1]
        site.told.update(score=last.accuracy, metric=ladder.metric.name)
        if ladder.metric.name == 'accuracy':
            return f'{100 * last.accuracy:.1f} % at the end, {100 * first.accuracy:.1f} % at first'
        return f'{ladder.metric.name} {ladder_rows([last])[0][1]} at the end, {first.accuracy:.4f} at first'
