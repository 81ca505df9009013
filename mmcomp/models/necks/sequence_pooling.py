"""A sequence to a vector, without parameters."""
from collections.abc import Sequence

import torch
from mmengine.model import BaseModule

from mmcomp.errors import ConfigError, fault
from mmcomp.registry import MODELS
from mmcomp.structures import TokenSequence


def first_token(tokens: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """The token at position 0 of ``(B, L, C)``, where BERT has its ``[CLS]``."""
    return tokens[:, 0]


def last_token(tokens: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """The last token that is no padding: the only one of a causal model that has seen all others."""
    at = (mask.shape[1] - 1 - mask.flip(1).int().argmax(dim=1)).clamp(min=0)
    return tokens[torch.arange(len(tokens), device=tokens.device), at]


def masked_mean(tokens: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Mean over the tokens of each sequence; zero for one without any."""
    kept = tokens.masked_fill(~mask[..., None], 0).sum(dim=1, dtype=torch.float32)
    return (kept / mask.sum(dim=1, keepdim=True).clamp(min=1)).to(tokens.dtype)


def masked_max(tokens: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Greatest value of each channel over the tokens of each sequence; zero for one without any."""
    lowest = torch.finfo(tokens.dtype).min
    top = tokens.masked_fill(~mask[..., None], lowest).amax(dim=1)
    return top.masked_fill(~mask.any(dim=1, keepdim=True), 0)


def mean_with_padding(tokens: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Mean over all places, padding too, as some published models have it; it depends on a batch's width."""
    return tokens.mean(dim=1)


POOLINGS = {'cls': first_token, 'last': last_token, 'mean': masked_mean, 'max': masked_max,
            'mean_all': mean_with_padding}


@MODELS.register_module()
class SequencePooling(BaseModule):
    """Pools a :class:`TokenSequence`; padding has no part in it, but for ``mean_all``.

    Args:
        mode: ``cls`` (first token), ``last`` (last token), ``mean``, ``max``,
            ``pooler`` (the encoder's own vector, with its ``pooler=True``),
            ``mean_all`` (padding included, for weights that were trained so), or
            a list, whose vectors are joined: ``['mean', 'max']``.

    Raises:
        ConfigError: On an unknown mode, or ``pooler`` behind an encoder that
            does not pool.
    """

    def __init__(self, mode: str | Sequence[str] = 'mean'):
        super().__init__()
        self.modes = [mode] if isinstance(mode, str) else list(mode)
        known = (*POOLINGS, 'pooler')
        for name in self.modes or [None]:
            if name not in known:
                raise ConfigError(fault('SequencePooling', 'mode', f'of {known}', name, 'Correct it.'))

    def forward(self, sequence: TokenSequence) -> tuple[torch.Tensor]:
        """A :class:`TokenSequence` to a tuple of one tensor ``(B, C * modes)``."""
        return (torch.cat([self._pool(mode, sequence) for mode in self.modes], dim=1), )

    def _pool(self, mode: str, sequence: TokenSequence) -> torch.Tensor:
        if mode != 'pooler':
            return POOLINGS[mode](sequence.tokens, sequence.mask)
        if sequence.pooled is None:
            raise ConfigError(fault('SequencePooling', 'mode', 'another one behind this encoder', mode,
                                    'Set pooler=True in the encoder, if its model has a pooler.'))
        return sequence.pooled
