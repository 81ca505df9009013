"""Shares of two models by the likelihood of known labels."""
from collections.abc import Sequence
from dataclasses import dataclass

from mmcomp.errors import ConfigError, fault
from mmcomp.files import write_json
from mmcomp.recipes.stage import STAGES, Output, Site, Stage, takes


@STAGES.register_module()
@dataclass(frozen=True)
class Weigh(Stage):
    """How much a second model counts beside a first, from predictions of labelled samples."""
    outputs = dict(shares=Output('shares', 'shares.json'))
    replayable = True
    tables: Sequence[str] = takes('table', many=True)
    ann: str = takes('annotations')

    def run(self, site: Site) -> str:
        from mmcomp.predictions.member_weights import second_share
        if len(self.tables) != 2:
            raise ConfigError(fault(site.name, 'tables', 'two', len(self.tables), 'Name two models\' predictions.'))
        share = second_share(*self.tables, self.ann)
        write_json(site.folder / 'shares.json', [1 - share, share])
        return f'{1 - share:.2f} and {share:.2f}'
