"""Guess hidden frames."""
import torch
from torch import nn

from mmcomp.registry import MODELS

from .frame_contrast import frame_contrast
from .masking import draw_tokens
from .pretraining_batch import PretrainingBatch
from .pretraining_task import PretrainingTask


@MODELS.register_module()
class MaskedFrameModeling(PretrainingTask):
    """Some frames enter the fusion as zeros; what comes out in their place must tell them from all real ones.

    Hidden are tokens of the encoder, so gradients reach it through what enters
    as well as through the targets. A frame beside the wrong text is a candidate,
    and may be hidden, but is not guessed. See :func:`frame_contrast`.

    Args:
        in_channels: Width of the tokens, before and after the fusion.
        probability: That a frame is hidden. Published is 0.9 * 0.15.
        whole: Share of the samples that lose all of their frames, as in *VLM* (Xu et al., 2021).
        temperature: If given, vectors are normalised and products divided by it.
        detach_mask: Let no gradient reach the encoder through what enters.
        frames: Name of the modality.
        name, weight, init_cfg: See :class:`PretrainingTask`.
    """
    needs_fusion = True

    def __init__(self, in_channels: int = 768, probability: float = 0.135, whole: float = 0.0,
                 temperature: float | None = None, detach_mask: bool = False, frames: str = 'frames',
                 name: str = 'mfm', weight: float = 1.0, init_cfg: dict | list | None = None):
        super().__init__(name, weight, init_cfg)
        self.probability, self.temperature, self.detach_mask = probability, temperature, detach_mask
        self.frames, self.whole = frames, whole
        self.head = nn.Sequential(nn.Linear(in_channels, in_channels), nn.GELU(), nn.LayerNorm(in_channels),
                                  nn.Linear(in_channels, in_channels))
        nn.init.zeros_(self.head[-1].bias)

    def change(self, batch: PretrainingBatch) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """The frames as they were, ``(B, T, C)``, which are real and which to be guessed, ``(B, T)``.

        Frames are hidden beside wrong partners, too, or a hidden frame would tell the right pairs.
        """
        whole = batch.entering(self.frames)
        hidden = draw_tokens(whole.mask, self.probability)
        if self.whole:
            hidden |= whole.mask & batch.draw_lost(self.whole)[:, None]
        entering = whole.tokens.detach() if self.detach_mask else whole.tokens
        batch.change_tokens(self.frames, entering.masked_fill(hidden[..., None], 0))
        return whole.tokens, whole.mask, hidden & batch.matched[:, None]

    def loss(self, batch: PretrainingBatch, changed: tuple[torch.Tensor, ...]) -> dict[str, torch.Tensor]:
        frames, mask, hidden = changed
        # The head is for hidden frames alone.
        guesses = self.head(batch.joint().part(self.frames).tokens[hidden])
        return dict(loss=frame_contrast(guesses, frames, mask, hidden, self.temperature))
