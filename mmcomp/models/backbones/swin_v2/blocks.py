"""Swin V2's stages, blocks and shifted windows around the fused attention."""
import torch
from mmpretrain.models.backbones.swin_transformer_v2 import SwinBlockV2, SwinBlockV2Sequence
from mmpretrain.models.utils import ShiftWindowMSA
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from mmcomp.errors import ConfigError, fault

from .shifting import join_windows, shift_mask, split_windows

KEPT_MASKS = 8


class FusedShiftWindowMSA(ShiftWindowMSA):
    """Attention in the windows of a map, padded and rolled as needed; copies nothing where it is not."""

    def layout(self, hw_shape: tuple[int, int]) -> tuple[int, int, int, int]:
        """Padded height and width, window and shift for a map of this size.

        Raises:
            ConfigError: If the map is smaller than a window and may not be padded.
        """
        window, smallest = self.window_size, min(hw_shape)
        if smallest < window and not self.pad_small_map:
            raise ConfigError(fault(
                'SwinTransformerV2', 'window_size', f'at most the edges of the feature map, {tuple(hw_shape)}', window,
                'Set a smaller window or `pad_small_map=True`, or use larger images.'))
        height, width = (-(-length // window) * window for length in hw_shape)
        return height, width, window, self.shift_size if smallest > window or self.pad_small_map else 0

    def forward(self, query: torch.Tensor, hw_shape: tuple[int, int], mask: torch.Tensor | None = None) -> torch.Tensor:
        """``(B, H * W, C)`` to the same; ``mask`` is the :func:`shift_mask` of this layout, if it is there already."""
        batch, tokens, channels = query.shape
        height, width, window, shift = self.layout(hw_shape)
        maps = query.view(batch, *hw_shape, channels)
        padding = (0, 0, 0, width - hw_shape[1], 0, height - hw_shape[0])
        if any(padding):
            maps = F.pad(maps, padding)
        if shift:
            maps = maps.roll((-shift, -shift), dims=(1, 2))
            mask = shift_mask(height, width, window, shift, query.device) if mask is None else mask
        windows = self.w_msa(split_windows(maps, window), mask if shift else None)
        maps = join_windows(windows, window, height, width)
        if shift:
            maps = maps.roll((shift, shift), dims=(1, 2))
        return self.drop(maps[:, :hw_shape[0], :hw_shape[1]].reshape(batch, tokens, channels))


class FusedSwinBlockV2(SwinBlockV2):
    """A block with post-normalization that takes the mask of its stage."""

    def forward(self, x: torch.Tensor, hw_shape: tuple[int, int], mask: torch.Tensor | None = None) -> torch.Tensor:
        if self.with_cp and x.requires_grad:
            return checkpoint(self._forward, x, hw_shape, mask, use_reentrant=False)
        return self._forward(x, hw_shape, mask)

    def _forward(self, x, hw_shape, mask):
        x = x + self.norm1(self.attn(x, hw_shape, mask))
        x = x + self.norm2(self.ffn(x))
        return self.norm3(x) if self.extra_norm else x


class FusedSwinBlockV2Sequence(SwinBlockV2Sequence):
    """A stage; the masks of its shifted blocks are made once for each size of map."""

    def forward(self, x: torch.Tensor, in_shape: tuple[int, int]) -> tuple[torch.Tensor, tuple[int, int]]:
        x, shape = self.downsample(x, in_shape) if self.downsample else (x, in_shape)
        for block in self.blocks:
            x = block(x, shape, self._mask(block.attn.layout(shape), x.device))
        return x, shape

    def _mask(self, layout: tuple[int, int, int, int], device: torch.device) -> torch.Tensor | None:
        if not layout[-1]:
            return None
        if torch.compiler.is_compiling():
            return shift_mask(*layout, device)
        kept, key = self.__dict__.setdefault('_masks', {}), (*layout, device)
        if key in kept:
            return kept[key]
        with torch.inference_mode(False):
            mask = shift_mask(*layout, device)
        # Shapes without content, as counting memory uses them, are not for later.
        if type(mask) is torch.Tensor:
            if len(kept) == KEPT_MASKS:
                kept.clear()
            kept[key] = mask
        return mask
