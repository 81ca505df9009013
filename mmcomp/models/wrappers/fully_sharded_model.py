"""Weights, gradients and optimizer states divided among the ranks."""
from collections.abc import Sequence

import torch
from mmengine.device import get_device
from torch import distributed, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import CPUOffloadPolicy, FSDPModule, MixedPrecisionPolicy, OffloadPolicy, fully_shard

from mmcomp.errors import LaunchError, fault
from mmcomp.models.blocks import repeated_blocks
from mmcomp.registry import MODEL_WRAPPERS
from mmcomp.sharding import divided, is_divided


@MODEL_WRAPPERS.register_module()
class FullyShardedModel(nn.Module):
    """A model whose weights, gradients and optimizer states are divided among the ranks, by torch's ``fully_shard``.

    A rank holds its part and, one block at a time, the whole weights of that
    block (Zhao et al., "PyTorch FSDP", 2023; ZeRO stage 3). The training is that of
    ``MMDistributedDataParallel`` but for rounding. Gradients are averaged after each
    backward pass, also while they accumulate, so that no rank ever holds whole ones.
    During a validation the weights are whole on every rank, since the ranks
    may have different numbers of batches.

    The weights are initialised before they are divided, so ``ShardedRunner`` is
    the Runner to use (:func:`mmcomp.apis.train` sees to it); it also writes
    checkpoints in the plain form.

    Args:
        module: The model, on its device.
        blocks: Names of the classes that are divided one by one; see
            :func:`mmcomp.models.blocks.repeated_blocks`.
        param_dtype: Such as ``bfloat16``: weights are sent and used in this type
            (default: as they are; ``--amp`` works beside it).
        reduce_dtype: Type in which gradients are averaged (default: as they are).
        reshard_after_forward: ``False`` keeps the weights whole between the forward and
            the backward pass: faster, and more memory.
        cpu_offload: Keep each rank's part in the memory of the host.

    Raises:
        LaunchError: If no process group was joined.
    """

    def __init__(self, module: nn.Module, blocks: Sequence[str] | None = None, param_dtype: str | None = None,
                 reduce_dtype: str | None = None, reshard_after_forward: bool = True, cpu_offload: bool = False):
        super().__init__()
        if not distributed.is_initialized():
            raise LaunchError(fault('model_wrapper_cfg', 'type', 'of a training on several ranks', type(self).__name__,
                                    'Start it with tools/dist_train.sh or tools/slurm_train.sh.'))
        initialize_alike(module)
        self.reshard_after_forward = reshard_after_forward
        shared = dict(
            mesh=init_device_mesh(torch.device(get_device()).type, (distributed.get_world_size(), )),
            mp_policy=MixedPrecisionPolicy(_dtype(param_dtype), _dtype(reduce_dtype)),
            offload_policy=CPUOffloadPolicy() if cpu_offload else OffloadPolicy())
        for block in repeated_blocks(module, blocks).values():
            fully_shard(block, reshard_after_forward=reshard_after_forward, **shared)
        self.module = fully_shard(module, reshard_after_forward=False, **shared)
        self.module.register_load_state_dict_pre_hook(_divide_on_load)

    def forward(self, *args, **kwargs):
        """Call the model."""
        return self.module(*args, **kwargs)

    def train_step(self, data, optim_wrapper) -> dict:
        """One step of the model, see ``BaseModel.train_step``."""
        return self.module.train_step(data, optim_wrapper)

    def val_step(self, data) -> list:
        """Predictions of one batch."""
        return self.module.val_step(data)

    def test_step(self, data) -> list:
        """Predictions of one batch."""
        return self.module.test_step(data)

    def train(self, mode: bool = True) -> 'FullyShardedModel':
        """Divide the weights for training; make them whole for all else."""
        super().train(mode)
        for part in [part for part in self.module.modules() if isinstance(part, FSDPModule)]:
            if mode:
                part.reshard()
            else:
                part.unshard()
            part.set_reshard_after_forward(mode and self.reshard_after_forward and part is not self.module,
                                           recurse=False)
        return self


def initialize_alike(module: nn.Module) -> None:
    """Initialise a model, then give all ranks the weights and buffers of rank 0."""
    if hasattr(module, 'init_weights'):
        module.init_weights()
    with torch.no_grad():
        for tensor in [*module.parameters(), *module.buffers()]:
            distributed.broadcast(tensor, 0)


def _dtype(name: str | None) -> torch.dtype | None:
    return getattr(torch, name) if name else None


def _divide_on_load(module: nn.Module, state: dict, prefix: str, *_) -> None:
    """Turn whole tensors of a checkpoint into a rank's parts."""
    for name, parameter in module.named_parameters():
        key = prefix + name
        if is_divided(parameter) and key in state and state[key].shape == parameter.shape:
            state[key] = divided(state[key], parameter)
