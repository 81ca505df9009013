"""Mixed precision on whatever the host has."""
import torch
from mmengine.device import is_cuda_available, is_musa_available, is_npu_available
from mmengine.optim import AmpOptimWrapper, OptimWrapper

from mmcomp.registry import OPTIM_WRAPPERS

from .deferred_clipping import DeferredClippingMixin


@OPTIM_WRAPPERS.register_module()
class AutocastOptimWrapper(DeferredClippingMixin, AmpOptimWrapper):
    """``AmpOptimWrapper`` that also runs on the CPU, in bfloat16 and without a loss scaler.

    The stock wrapper refuses hosts without a GPU, so mixed precision can't be
    tried or tested there. bfloat16 has the range of float32: there is nothing
    to scale.

    Args:
        loss_scale: As of ``AmpOptimWrapper``; without effect on the CPU.
        dtype: ``float16`` or ``bfloat16``; the CPU takes bfloat16 for both.
        use_fsdp: As of ``AmpOptimWrapper``.
        **kwargs: As of ``OptimWrapper``.
    """

    def __init__(self, loss_scale='dynamic', dtype: str | torch.dtype | None = None, use_fsdp: bool = False, **kwargs):
        if is_cuda_available() or is_npu_available() or is_musa_available():
            super().__init__(loss_scale=loss_scale, dtype=dtype, use_fsdp=use_fsdp, **kwargs)
            return
        OptimWrapper.__init__(self, **kwargs)
        self._scale_update_param = None
        self.loss_scaler = torch.amp.GradScaler('cpu', enabled=False)
        self.cast_dtype = torch.bfloat16
