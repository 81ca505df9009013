from .autocast_optim_wrapper import AutocastOptimWrapper
from .deferred_clipping import DeferredOptimWrapper
from .layered_rates_constructor import LayeredRatesConstructor
from .merged_groups_constructor import MergedGroupsConstructor
from .merged_layer_decay_constructor import MergedLayerDecayConstructor

__all__ = ['AutocastOptimWrapper', 'DeferredOptimWrapper', 'LayeredRatesConstructor', 'MergedGroupsConstructor',
           'MergedLayerDecayConstructor']
