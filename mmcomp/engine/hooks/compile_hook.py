"""Blocks compiled by torch."""
from collections.abc import Sequence

import numpy as np
import torch
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from torch import nn

from mmcomp.models.blocks import repeated_blocks
from mmcomp.registry import HOOKS


@HOOKS.register_module()
class CompileHook(Hook):
    """Compiles each repeated block of the model with ``torch.compile``.

    Blocks of one shape share one compiled program, so that compiling takes a
    fraction of what the whole model would take, and what surrounds them (hooks, the
    gathering of divided weights, losses) stays as it is. Weights and their names stay.

    Args:
        blocks: Names of the blocks' classes; see
            :func:`mmcomp.models.blocks.repeated_blocks`.
        **options: As of ``torch.compile``: ``backend``, ``mode``, ``dynamic``, ``fullgraph``.
    """

    # After EMAHook has copied the model, and around what ActivationCheckpointingHook has made of a block.
    priority = 'VERY_LOW'

    def __init__(self, blocks: Sequence[str] | None = None, **options):
        self.blocks, self.options = blocks, options

    def before_train(self, runner) -> None:
        """Change the blocks' ``forward``."""
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        found = repeated_blocks(model, self.blocks)
        for block in found.values():
            _without_numpy_numbers(block)
            block.forward = torch.compile(block.forward, **self.options)
        runner.logger.info(f'{len(found)} blocks are compiled; the first iterations take longer.')


def _without_numpy_numbers(block: nn.Module) -> None:
    """Make Python numbers of numpy's, such as mmpretrain's rates of dropped paths, which torch takes for tensors."""
    for module in block.modules():
        for name, value in list(vars(module).items()):
            if isinstance(value, np.generic):
                setattr(module, name, value.item())
