"""The mean of a training's last checkpoints."""
import shutil
from dataclasses import dataclass
from pathlib import Path

from mmcomp.recipes.stage import STAGES, Output, Site, Stage, takes


@STAGES.register_module()
@dataclass(frozen=True)
class Soup(Stage):
    """Average the last ``last`` checkpoints of a training; 1 keeps the weights of the newest alone."""
    outputs = dict(model=Output('model', '.'), weights=Output('weights', 'weights.pth'))
    uses_torch = True
    model: str = takes('model')
    last: int = 5

    def run(self, site: Site) -> str:
        from mmcomp.checkpoints.soup import find_members, save_soup, uniform_soup
        members = [m for m in find_members(self.model) if m.name != 'weights.pth'][-self.last:]
        save_soup(uniform_soup(members), members, site.folder / 'weights.pth')
        shutil.copyfile(Path(self.model) / 'config.py', site.folder / 'config.py')
        return f'{len(members)} checkpoints'
