from .autocast_optim_wrapper import AutocastOptimWrapper
from .merged_groups_constructor import MergedGroupsConstructor

__all__ = ['AutocastOptimWrapper', 'MergedGroupsConstructor']
