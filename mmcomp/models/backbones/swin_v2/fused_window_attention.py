"""Cosine attention of windows with the continuous position bias."""
import math

import torch
from mmpretrain.models.utils import WindowMSAV2
from torch.nn import functional as F

from .attention import attend

MAX_LOG_SCALE = math.log(100.0)


class FusedWindowMSAV2(WindowMSAV2):
    """mmpretrain's ``WindowMSAV2``, its weights and its answers, computed with fewer and smaller temporaries.

    The scale of the cosines goes into the queries, the bias is made of the table's
    few distinct values instead of all pairs of tokens, and in evaluation it is kept as long as the
    weights that it comes from stay the same.
    """

    _kept: tuple | None = None

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        """``(B * W, N, C)`` and a mask ``(W, N, N)`` of what is added to logits, to ``(B * W, N, C)``."""
        bias = None
        if self.q_bias is not None:
            bias = torch.cat((self.q_bias, torch.zeros_like(self.v_bias), self.v_bias))
        qkv = F.linear(x, self.qkv.weight, bias).view(*x.shape[:2], 3, self.num_heads, -1)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind()
        q, k = unit(q, self.logit_scale.clamp(max=MAX_LOG_SCALE).exp()), unit(k)
        dropout = self.attn_drop.p if self.training else 0.0
        out = attend(q.to(v.dtype), k.to(v.dtype), v, self.position_bias(), mask, dropout)
        return self.proj_drop(self.proj(out.transpose(1, 2).reshape(x.shape)))

    def position_bias(self) -> torch.Tensor:
        """What is added to the logits of each head, ``(H, N, N)``."""
        if self.training or torch.is_grad_enabled() or torch.compiler.is_compiling():
            return self._position_bias()
        weights = [self.relative_coords_table, *self.cpb_mlp.parameters()]
        state = [torch.is_autocast_enabled(weights[0].device.type), *map(_state, weights)]
        if self._kept is None or self._kept[0] != state:
            self._kept = state, self._position_bias()
        return self._kept[1]

    def _position_bias(self) -> torch.Tensor:
        table = self.cpb_mlp(self.relative_coords_table).view(-1, self.num_heads)
        table = (16 * table.sigmoid()).T.contiguous()
        tokens = len(self.relative_position_index)
        return table.index_select(1, self.relative_position_index.flatten()).view(-1, tokens, tokens)

    def train(self, mode: bool = True) -> 'FusedWindowMSAV2':
        self._kept = None
        return super().train(mode)


def unit(vectors: torch.Tensor, length: torch.Tensor | float = 1.0) -> torch.Tensor:
    """Vectors of the last axis made ``length`` long; zeros stay. At least in float32."""
    dtype = torch.promote_types(vectors.dtype, torch.float32)
    return vectors * (length / torch.linalg.vector_norm(vectors, dim=-1, keepdim=True, dtype=dtype).clamp(min=1e-12))


def _state(weight: torch.Tensor) -> tuple:
    """What changes when a weight's values do, unless they are written behind autograd's back."""
    return weight.untyped_storage()._cdata, weight.dtype, 0 if weight.is_inference() else weight._version
