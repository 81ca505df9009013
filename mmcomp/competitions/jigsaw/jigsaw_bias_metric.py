"""The competition's score during training and testing."""
from mmcomp.competitions.jigsaw.bias import OVERALL_WEIGHT, POWER
from mmcomp.competitions.jigsaw.columns import METRIC_IDENTITIES, THRESHOLD
from mmcomp.evaluation import BiasAUCMetric
from mmcomp.registry import METRICS


@METRICS.register_module()
class JigsawBiasMetric(BiasAUCMetric):
    """:class:`mmcomp.evaluation.BiasAUCMetric` of the nine identities, the first task and the official constants.

    Args:
        degenerate: ``skip``, so that a small validation set has a score; ``error`` and ``nan`` are stricter.
        **kwargs: As of the base class: ``details``, ``collect_device``.
    """
    default_prefix = 'jigsaw'

    def __init__(self, degenerate: str = 'skip', **kwargs):
        settings = dict(groups=METRIC_IDENTITIES, threshold=THRESHOLD, power=POWER, overall_weight=OVERALL_WEIGHT)
        super().__init__(**{**settings, **kwargs}, degenerate=degenerate)
