"""Optimizer groups by option, not by parameter."""
from mmengine.optim import DefaultOptimWrapperConstructor

from mmcomp.registry import OPTIM_WRAPPER_CONSTRUCTORS


def merge_groups(groups: list[dict]) -> list[dict]:
    """Optimizer groups whose options differ, in the order of their first parameters.

    Args:
        groups: Groups as optimizers take them: ``params`` and any options.
    """
    merged = []
    for group in groups:
        options = {name: value for name, value in group.items() if name != 'params'}
        same = next((m for known, m in merged if known == options), None)
        if same is None:
            same = dict(options, params=[])
            merged.append((options, same))
        same['params'] += group['params']
    return [group for _, group in merged]


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class MergedGroupsConstructor(DefaultOptimWrapperConstructor):
    """mmengine's constructor, with parameters of equal options in one group.

    With ``paramwise_cfg`` mmengine makes a group for every parameter, so an
    optimizer's ``foreach`` and ``fused`` forms have nothing to join. The
    update is the same. Optimizer states of checkpoints are numbered in the
    order of the groups: a training started with one constructor can't be
    resumed with the other.
    """

    def add_params(self, params: list[dict], module, prefix: str = '', is_dcn_module=None) -> None:
        super().add_params(params, module, prefix, is_dcn_module)
        if not prefix:  # the call for the whole model, all others are for its parts
            params[:] = merge_groups(params)
