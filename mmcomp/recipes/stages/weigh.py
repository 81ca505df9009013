"""Shares of models by predictions of labelled samples."""
from collections.abc import Sequence
from dataclasses import dataclass

from mmcomp.errors import ConfigError, fault
from mmcomp.files import write_json
from mmcomp.recipes.stage import STAGES, Output, Site, Stage, takes


@STAGES.register_module()
@dataclass(frozen=True)
class Weigh(Stage):
    """How much each model counts, from predictions of labelled samples.

    By itself, how much a second one counts beside a first, by likelihood. With
    ``search`` (``simplex``, ``caruana``, ``coordinate``) the weights of any
    number for a ``metric``, as ``mmcomp search_weights`` finds them: equal
    ones if on ``folds`` held-out folds the gain is inside the noise. Samples
    of a group in ``group_list`` (``id group`` lines) are held out together;
    with ``partial`` those samples count that labels and all tables share.
    """
    outputs = dict(shares=Output('shares', 'shares.json'))
    replayable = True
    tables: Sequence[str] = takes('table', many=True)
    ann: str = takes('annotations')
    search: str | None = None
    metric: str = 'log_loss'
    folds: int = 5
    group_list: str | None = takes('file', optional=True)
    partial: bool = False

    def run(self, site: Site) -> str:
        shares, words = self._searched() if self.search else self._second(site)
        write_json(site.folder / 'shares.json', shares)
        return words

    def _second(self, site: Site) -> tuple[list[float], str]:
        from mmcomp.predictions.ensembles.member_weights import second_share
        if len(self.tables) != 2:
            raise ConfigError(fault(site.name, 'tables', 'two without `search`', len(self.tables),
                                    'Name two models\' predictions, or set search=\'simplex\'.'))
        share = second_share(*self.tables, self.ann)
        return [1 - share, share], f'{1 - share:.2f} and {share:.2f}'

    def _searched(self) -> tuple[list[float], str]:
        from mmcomp.metrics.by_name import find_metric
        from mmcomp.predictions.labels.folds import read_groups
        from mmcomp.predictions.weight_search.gathering import gather
        from mmcomp.predictions.weight_search.searching import make_search, search_weights
        search, metric = make_search(self.search), find_metric(self.metric)
        evidence = gather(self.tables, self.ann, metric, self.partial)
        groups = None if self.group_list is None else read_groups(self.group_list, evidence.ids.tolist())
        found = search_weights(evidence, search, self.folds, groups)
        told = 'equal weights, the gain is inside the noise' if found.refused else 'found weights'
        return found.weights.tolist(), f'{told}: {found.nested.gain.words(metric)} {metric.name}'
