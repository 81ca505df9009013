"""The mean of a training's checkpoints: the last, the best, or those that help."""
import shutil
from dataclasses import dataclass
from pathlib import Path

from mmcomp.recipes.stage import STAGES, Output, Site, Stage, takes


@STAGES.register_module()
@dataclass(frozen=True)
class Soup(Stage):
    """Average the last ``last`` checkpoints of a training; 1 keeps the weights of the newest alone.

    With ``top``, those of the best validation scores instead, by the key ``by``
    where there are several, such as ``accuracy/top1``; with
    ``greedy``, of those chosen only what helps on its validation data;
    with ``update_bn``, BatchNorm's statistics are estimated anew on its training data.
    """
    outputs = dict(model=Output('model', '.'), weights=Output('weights', 'weights.pth'))
    uses_torch = True
    model: str = takes('model')
    last: int = 5
    top: int | None = None
    by: str | None = None
    greedy: bool = False
    update_bn: bool = False

    def run(self, site: Site) -> str:
        from mmcomp.checkpoints.members import open_members
        from mmcomp.checkpoints.soup import as_shares, find_members, write_soup
        paths, out = [m for m in find_members(self.model) if m.name != 'weights.pth'], site.folder / 'weights.pth'
        members = open_members(self._best(paths) if self.top else paths[-self.last:])
        shares = as_shares(None, len(members))
        if self.greedy or self.update_bn:
            shares = self._by_data(site, members, shares, out)
        else:
            write_soup(members, shares, out)
        shutil.copyfile(Path(self.model) / 'config.py', site.folder / 'config.py')
        return f'{sum(map(bool, shares))} checkpoints'

    def _best(self, paths: list[Path]) -> list[Path]:
        from mmcomp.apis.checkpoint_scores import top_members
        return [path for path, _ in top_members(paths, self.top, self.by)]

    def _by_data(self, site: Site, members: list, shares: list[float], out: Path) -> list[float]:
        from mmcomp.apis.config import load_config
        from mmcomp.apis.soup import choose_greedily, greedy_report, write_soup_with_batch_norm
        from mmcomp.checkpoints.soup import write_soup
        cfg = load_config(Path(self.model) / 'config.py')
        device = 'cuda' if site.gpus else 'cpu'
        if self.greedy:
            soup = choose_greedily(cfg, members, out, bn_cfg=cfg if self.update_bn else None, device=device)
            print(greedy_report(soup, members))
            shares = soup.shares
        if self.update_bn:
            write_soup_with_batch_norm(members, shares, out, cfg, device=device)
        else:
            write_soup(members, shares, out)
        return shares
