"""Activations that are computed again instead of kept."""
from collections.abc import Sequence
from functools import partial

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from torch import nn
from torch.utils.checkpoint import checkpoint

from mmcomp.models.blocks import repeated_blocks
from mmcomp.registry import HOOKS


@HOOKS.register_module()
class ActivationCheckpointingHook(Hook):
    """Keeps only the input of each block for the backward pass, which computes the block again.

    The gradients are the same, the memory of activations falls to that of one block
    and the inputs of all, and a step takes about a third longer (Chen et
    al., "Training Deep Nets with Sublinear Memory Cost", 2016). ``with_cp=True`` of
    mmpretrain's Swin does the same; this hook does it to any backbone.
    Dropout repeats its random numbers.

    Args:
        blocks: Names of the blocks' classes; see
            :func:`mmcomp.models.blocks.repeated_blocks`.
        every: ``2`` does it to every second block, and so on: less memory saved, less time lost.
    """

    # After EMAHook has copied the model: the copy needs no backward pass.
    priority = 'LOW'

    def __init__(self, blocks: Sequence[str] | None = None, every: int = 1):
        self.blocks, self.every = blocks, every

    def before_train(self, runner) -> None:
        """Change the blocks' ``forward``; weights and their names stay."""
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        number = recompute_blocks(model, self.blocks, self.every)
        runner.logger.info(f'Activations of {number} blocks are computed again in the backward pass.')


def recompute_blocks(model: nn.Module, blocks: Sequence[str] | None = None, every: int = 1) -> int:
    """Let every n-th repeated block keep its input alone; how many do. See :class:`ActivationCheckpointingHook`."""
    chosen = list(repeated_blocks(model, blocks).values())[::every]
    for block in chosen:
        block.forward = partial(_recomputed, block, block.forward)
    return len(chosen)


def _recomputed(block, forward, *args, **kwargs):
    if not block.training:
        return forward(*args, **kwargs)
    return checkpoint(forward, *args, use_reentrant=False, **kwargs)
