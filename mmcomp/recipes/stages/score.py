"""Accuracies against known labels, step by step."""
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from mmcomp.files import write_json
from mmcomp.recipes.stage import STAGES, Output, Site, Stage, takes


@STAGES.register_module()
@dataclass(frozen=True)
class Score(Stage):
    """What each step adds, where the truth is known: ``steps`` are tables or labels by the step's name, in order."""
    outputs = dict(ladder=Output('ladder', 'ladder.json'), text=Output('file', 'ladder.md'))
    replayable = True
    truth: str = takes('annotations')
    classes: str = takes('file')
    steps: Mapping[str, str] = takes('table', 'labels', many=True)

    def run(self, site: Site) -> str:
        from mmcomp.recipes.ladder import Ladder, write_ladder
        ladder = Ladder(Path(self.truth), Path(self.classes).read_text(encoding='utf-8').splitlines())
        for name, result in self.steps.items():
            ladder.add(name, Path(result))
        write_json(site.folder / 'ladder.json', [asdict(rung) for rung in ladder.rungs])
        write_ladder(site.folder / 'ladder.md', ladder.rungs)
        site.told.update(score=ladder.rungs[-1].accuracy, metric='accuracy')
        return f'{100 * ladder.rungs[-1].accuracy:.1f} % at the end, {100 * ladder.rungs[0].accuracy:.1f} % at first'
