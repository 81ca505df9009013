from .merged_groups_constructor import MergedGroupsConstructor

__all__ = ['MergedGroupsConstructor']
