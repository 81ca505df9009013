"""Running statistics of BatchNorm, estimated anew: those of a mean of models are no mean of theirs."""
from collections.abc import Iterable

import torch
from mmengine.model import BaseModel
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


def batch_norms(model: nn.Module) -> dict[str, _BatchNorm]:
    """The modules of a model that keep running statistics over batches."""
    return {name: module for name, module in model.named_modules()
            if isinstance(module, _BatchNorm) and module.track_running_stats and module.running_mean is not None}


@torch.no_grad()
def update_batch_norm(model: BaseModel, batches: Iterable) -> list[str]:
    """Estimate running means and variances by a pass over batches, each counting alike.

    As ``torch.optim.swa_utils.update_bn``, which can't feed mmengine's batches.
    Two things differ: BatchNorm alone is in training mode, for the statistics
    are used without dropout; and batches are not mixed with each other (mixup).

    Args:
        model: Changed in place; of mmengine's kind, called with ``mode='tensor'``.
        batches: Dicts as a data loader gives them.

    Returns:
        Names of modules that no batch reached; they keep their statistics.
    """
    norms = batch_norms(model)
    before = {name: (norm.momentum, norm.training, {k: v.clone() for k, v in norm.named_buffers()})
              for name, norm in norms.items()}
    training = model.training
    model.eval()
    for norm in norms.values():
        norm.reset_running_stats()
        norm.momentum = None  # the mean of all batches
        norm.train()
    for batch in batches:
        data = model.data_preprocessor(batch, False)
        model(**data, mode='tensor') if isinstance(data, dict) else model(*data, mode='tensor')
    missed = [name for name, norm in norms.items() if not norm.num_batches_tracked]
    model.train(training)
    for name, norm in norms.items():
        norm.momentum, mode, buffers = before[name]
        norm.train(mode)
        if name in missed:
            norm.load_state_dict(buffers, strict=False)
    return missed
