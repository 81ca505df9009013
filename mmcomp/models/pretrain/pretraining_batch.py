"""A batch on its way through the tasks of a pre-training: everything is encoded once."""
from dataclasses import replace

import torch
from torch import nn

from mmcomp.structures import TokenSequence


class PretrainingBatch:
    """What the tasks of a step share.

    Tasks first change what enters the common pass through the fusion (hidden
    words, hidden frames, other videos), then each makes its loss of what comes
    out. Nothing is encoded or fused before a task asks for it, nor twice.

    Args:
        encoders: One a modality.
        fusion: What joins them, or ``None``.
        inputs: The prepared batch, a dict of tensors a modality.
        teacher: The momentum teacher, if there is one, with ``copies.encoders``.

    Attributes:
        matched: ``(B, )`` booleans, false where a task has put pieces of
            different samples together.
        lost: ``(B, )`` booleans, true where all of a modality is hidden.
        similarities: What an alignment leaves for the matching: logits ``(B, B)``
            of each modality's rows over the samples of the other one.
    """

    def __init__(self, encoders: nn.ModuleDict, fusion: nn.Module | None, inputs: dict[str, dict],
                 teacher: nn.Module | None = None):
        self.encoders, self.fusion, self.inputs, self.teacher = encoders, fusion, inputs, teacher
        mask = next(iter(inputs.values()))['mask']
        self.matched = torch.ones(len(mask), dtype=torch.bool, device=mask.device)
        self.lost = torch.zeros_like(self.matched)
        self.similarities: dict[str, torch.Tensor] = {}
        self._clean: dict[str, TokenSequence] = {}
        self._changed: dict[str, TokenSequence | dict] = {}
        self._joint: TokenSequence | None = None

    def __len__(self) -> int:
        return len(self.matched)

    def clean(self, name: str) -> TokenSequence:
        """A modality, encoded as it is."""
        if name not in self._clean:
            self._clean[name] = self.encoders[name](self.inputs[name])
        return self._clean[name]

    def entering(self, name: str) -> TokenSequence:
        """A modality as it enters the fusion."""
        changed = self._changed.get(name)
        if changed is None:
            return self.clean(name)
        if isinstance(changed, dict):
            self._changed[name] = changed = self.encoders[name](changed)
        return changed

    def change_inputs(self, name: str, **new: torch.Tensor) -> None:
        """Let other inputs of a modality enter the fusion."""
        self._changed[name] = dict(self.inputs[name], **new)

    def change_tokens(self, name: str, tokens: torch.Tensor) -> None:
        """Let other tokens of a modality enter the fusion, with the mask that they have."""
        self._changed[name] = replace(self.entering(name), tokens=tokens)

    def permute(self, name: str, order: torch.Tensor) -> None:
        """Let row ``order[i]`` of a modality enter beside row i of the others, mask and all."""
        self._changed[name] = rows_of(self.entering(name), order)
        self.matched = self.matched & (order == torch.arange(len(order), device=order.device))

    def draw_lost(self, share: float) -> torch.Tensor:
        """Samples that are to lose all of a modality, ``(B, )`` booleans: of those that have lost none yet.

        Right pairs and wrong ones alike, or a lost modality would tell them apart.
        """
        drawn = (torch.rand(len(self), device=self.matched.device) < share) & ~self.lost
        self.lost = self.lost | drawn
        return drawn

    def joint(self) -> TokenSequence:
        """The fused sequence of what enters, with its ``parts``."""
        if self._joint is None:
            self._joint = self.fused({name: self.entering(name) for name in self.encoders})
        return self._joint

    def fused(self, sequences: dict[str, TokenSequence]) -> TokenSequence:
        """Other sequences, through the fusion."""
        return self.fusion(sequences)


def rows_of(sequence: TokenSequence, rows: torch.Tensor) -> TokenSequence:
    """Some rows of a sequence, with their masks."""
    return TokenSequence(sequence.tokens[rows], sequence.mask[rows])
