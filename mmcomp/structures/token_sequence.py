"""What every sequential encoder emits, whatever it has read."""
from collections.abc import Mapping
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
        parts: Of a sequence fused from several, where each of them is: slices of
            L by name, in the order of its own tokens.

    Raises:
        DataError: If the shapes do not fit together.
    """
    tokens: torch.Tensor
    mask: torch.Tensor
    layers: tuple[torch.Tensor, ...] | None = None
    pooled: torch.Tensor | None = None
    parts: Mapping[str, tuple[slice, ...]] | None = None

    def __post_init__(self):
        if self.tokens.ndim != 3 or self.mask.shape != self.tokens.shape[:2] or self.mask.dtype != torch.bool:
            raise DataError(fault('TokenSequence', 'mask', 'booleans (B, L) beside tokens (B, L, C)',
                                  (tuple(self.mask.shape), str(self.mask.dtype), tuple(self.tokens.shape)),
                                  'Give one mask value a token.'))

    @property
    def lengths(self) -> torch.Tensor:
        """Tokens of each sequence, ``(B,)``."""
        return self.mask.sum(dim=1)

    def part(self, name: str) -> 'TokenSequence':
        """One of the sequences that this one was fused from, after the fusion.

        Raises:
            DataError: If there is none of that name.
        """
        if name not in (self.parts or {}):
            raise DataError(fault('TokenSequence', 'part', f'one of {tuple(self.parts or ())}, which the fusion emits',
                                  name, 'Choose one of them, or another fusion.'))

        def chosen(values: torch.Tensor) -> torch.Tensor:
            pieces = [values[:, place] for place in self.parts[name]]
            return pieces[0] if len(pieces) == 1 else torch.cat(pieces, dim=1)

        layers = None if self.layers is None else tuple(chosen(layer) for layer in self.layers)
        return TokenSequence(chosen(self.tokens), chosen(self.mask), layers)
