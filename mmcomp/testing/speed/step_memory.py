"""What a training step keeps in the memory of a GPU, found without one: shapes are followed, nothing is computed."""
import weakref
from collections.abc import Sequence
from contextlib import nullcontext
from unittest.mock import patch

import numpy as np
import torch
from mmengine.config import Config
from mmpretrain.structures import DataSample
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from mmcomp.apis.building import untrained_model
from mmcomp.engine.hooks.activation_checkpointing_hook import recompute_blocks
from mmcomp.models.backbones.swin_v2 import attention
from mmcomp.models.blocks import repeated_blocks
from mmcomp.registry import MODELS  # noqa: F401  (first, for its quiet imports)

# Of shapes; the backward pass of a GPU's would ask for a GPU.
DEVICE = 'cpu'
# Of attention computed in pieces; larger than those of a real CPU, so that there are fewer shapes to follow.
PIECE_BYTES = 2**26


class LivingBytes(TorchDispatchMode):
    """Counts the bytes of all tensors that are alive, from their making to their end.

    Attributes:
        now: Bytes alive.
        peak: The most there were.
    """

    def __init__(self):
        super().__init__()
        self.now = self.peak = 0
        self._known = weakref.WeakSet()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        made = func(*args, **kwargs or {})
        for tensor in tree_leaves(made):
            if isinstance(tensor, torch.Tensor) and tensor.device.type == DEVICE:
                self._watch(tensor.untyped_storage())
        return made

    def _watch(self, storage) -> None:
        if storage in self._known:
            return
        self._known.add(storage)
        size = storage.nbytes()
        self.now += size
        self.peak = max(self.peak, self.now)
        weakref.finalize(storage, self._forget, size)

    def _forget(self, size: int) -> None:
        self.now -= size


def step_bytes(cfg: Config, batch_size: int, image_size: int, amp: bool = False, recomputed: bool = False,
               accumulate: bool = False, ranks: int = 1) -> dict[str, int]:
    """Bytes that a training step with AdamW needs at most, and what of them the weights take.

    Not in it: the memory of CUDA itself, what its allocator leaves unused, DDP's
    buffers, and what kernels use inside.

    Args:
        cfg: Config of an image classifier.
        batch_size: Images of a step on one GPU.
        image_size: Their edge in pixels.
        amp: Mixed precision in bfloat16.
        recomputed: Activations are computed again, see :class:`ActivationCheckpointingHook`.
        accumulate: Gradients of an earlier batch are there already.
        ranks: GPUs that the weights, gradients and optimizer states are divided among.

    Returns:
        ``peak``, ``weights``, ``states`` (weights, gradients and optimizer states that stay on a GPU).
    """
    model = untrained_model(cfg).train()
    for module in model.modules():
        if hasattr(module, 'set_class_counts'):
            module.set_class_counts(np.full(module.num_classes, 20))
    blocks = [_weight_bytes(block) for block in repeated_blocks(model).values()]
    if recomputed:
        recompute_blocks(model)
    with (FakeTensorMode(allow_non_fake_inputs=True), LivingBytes() as living,
          patch.object(attention, 'PIECE_BYTES', PIECE_BYTES)):
        _move(model)
        weights = _weight_bytes(model)
        optimizer = [torch.empty_like(p) for p in model.parameters() for _ in range(2)]
        for _ in range(1 + accumulate):
            _one_step(model, batch_size, image_size, amp)
        # Whole are one block's weights and gradients, and the weights of the next one, sent for ahead.
        states, whole = 4 * weights, 3 * max(blocks, default=weights)
        peak = living.peak if ranks == 1 else living.peak - states + states // ranks + whole
        del optimizer
    return dict(peak=peak, weights=weights, states=states // ranks)


def _weight_bytes(module: nn.Module) -> int:
    return sum(p.numel() * p.element_size() for p in module.parameters())


def _move(model: nn.Module) -> None:
    """Put shapes in the place of the weights and buffers."""
    for module in model.modules():
        for name, tensor in module._parameters.items():
            if tensor is not None:
                module._parameters[name] = nn.Parameter(_shape(tensor), tensor.requires_grad)
        for name, tensor in module._buffers.items():
            if tensor is not None:
                module._buffers[name] = _shape(tensor)


def _shape(tensor: torch.Tensor) -> torch.Tensor:
    return torch.empty(tensor.shape, dtype=tensor.dtype, device=DEVICE)


def _one_step(model: nn.Module, batch_size: int, image_size: int, amp: bool) -> None:
    images = torch.empty(batch_size, 3, image_size, image_size, device=DEVICE)
    labels = [torch.empty(1, dtype=torch.long, device=DEVICE) for _ in range(batch_size)]
    samples = [DataSample().set_gt_label(label) for label in labels]
    with torch.autocast(DEVICE, torch.bfloat16) if amp else nullcontext():
        loss = model(images, samples, mode='loss')['loss']
    loss.backward()


def memory_rows(cfg: Config, batch_size: int, image_size: int, ranks: int) -> Sequence[Sequence[str]]:
    """Rows of a table: switches, gigabytes of the peak, of what stays, and the share of the plain step."""
    quarter = max(1, batch_size // 4)
    ways = {
        '(none: float32)': dict(batch_size=batch_size),
        '`--amp`': dict(batch_size=batch_size, amp=True),
        f'`--amp --accumulate {batch_size // quarter}`, batches of {quarter}': dict(
            batch_size=quarter, amp=True, accumulate=True),
        '`--amp --activation-checkpointing`': dict(batch_size=batch_size, amp=True, recomputed=True),
        f'`--amp --fsdp` on {ranks} GPUs': dict(batch_size=batch_size, amp=True, ranks=ranks),
        f'`--amp --activation-checkpointing --fsdp` on {ranks} GPUs': dict(
            batch_size=batch_size, amp=True, recomputed=True, ranks=ranks),
    }  # yapf: disable
    plain = None
    for name, way in ways.items():
        found = step_bytes(cfg, image_size=image_size, **way)
        plain = plain or found['peak']
        yield [name, f'{found["peak"] / 1e9:.1f}', f'{found["states"] / 1e9:.1f}', f'{100 * found["peak"] / plain:.0f}']
