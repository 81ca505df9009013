"""What every sequential encoder emits, whatever it has read."""
from dataclasses import dataclass

import torch

from mmcomp.errors import DataError, fault


@dataclass(frozen=True)
class TokenSequence:
    """Words, frames, regions or patches, padded to one length.

    Args:
        tokens: ``(B, L, C)``.
        mask: ``(B, L)`` booleans, true where there is a token and no padding.
        layers: The hidden states of all layers, input embeddings first, each
            ``(B, L, C)``; ``None`` where the encoder was not asked for them.
        pooled: A vector a sequence, ``(B, C)``, of encoders that pool by
            themselves.

    Raises:
        DataError: If the shapes do not fit together.
    """
    tokens: torch.Tensor
    mask: torch.Tensor
    layers: tuple[torch.Tensor, ...] | None = None
    pooled: torch.Tensor | None = None

    def __post_init__(self):
        if self.tokens.ndim != 3 or self.mask.shape != self.tokens.shape[:2] or self.mask.dtype != torch.bool:
            raise DataError(fault('TokenSequence', 'mask', 'booleans (B, L) beside tokens (B, L, C)',
                                  (tuple(self.mask.shape), str(self.mask.dtype), tuple(self.tokens.shape)),
                                  'Give one mask value a token.'))

    @property
    def lengths(self) -> torch.Tensor:
        """Tokens of each sequence, ``(B,)``."""
        return self.mask.sum(dim=1)
