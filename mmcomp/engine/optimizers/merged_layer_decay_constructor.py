"""Lower learning rates for lower layers, in few optimizer groups."""
from collections.abc import Callable

from mmpretrain.engine.optimizers import LearningRateDecayOptimWrapperConstructor

from mmcomp.registry import OPTIM_WRAPPER_CONSTRUCTORS

from .merged_groups_constructor import merge_groups


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class MergedLayerDecayConstructor(LearningRateDecayOptimWrapperConstructor):
    """mmpretrain's layer-wise learning rates, with parameters of equal options in one group.

    The learning rate of a parameter is the optimizer's times
    ``layer_decay_rate`` to the power of the layers between it and the head
    (Sun et al., "How to Fine-Tune BERT for Text Classification?", 2019, use
    0.95). The model needs ``get_layer_depth``, as a classifier around
    :class:`HuggingFaceTextEncoder` or a vision transformer has. What is frozen
    is in no group.

    ``paramwise_cfg``: ``layer_decay_rate``, ``norm_decay_mult``,
    ``bias_decay_mult``, ``flat_decay_mult``, ``custom_keys``; see the base.
    """

    def add_params(self, params: list[dict], module, prefix: str = '', get_layer_depth: Callable | None = None,
                   **kwargs) -> None:
        super().add_params(params, module, prefix, get_layer_depth, **kwargs)
        if not prefix:  # the call for the whole model, all others are for its parts
            params[:] = merge_groups([{k: v for k, v in group.items() if k != 'param_name'} for group in params])
