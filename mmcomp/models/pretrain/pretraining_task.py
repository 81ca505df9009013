"""What all tasks of a pre-training have in common."""
import torch
from mmengine.model import BaseModule
from torch import nn

from .pretraining_batch import PretrainingBatch


class PretrainingTask(BaseModule):
    """A task of :class:`MultimodalPretrainer`, with heads of its own that are dropped afterwards.

    Args:
        name: What its loss is called in logs: ``loss_<name>``.
        weight: Factor of the loss.
        init_cfg: Config of the initialization.

    Attributes:
        turn: Tasks of a lower turn come first, both when batches are changed and
            when losses are made.
        needs_fusion: Whether it asks for the fused sequence.
        needs_teacher: Whether it asks for a momentum teacher.
    """
    turn = 2
    needs_fusion = needs_teacher = False

    def __init__(self, name: str, weight: float = 1.0, init_cfg: dict | list | None = None):
        super().__init__(init_cfg=init_cfg)
        self.name, self.weight = name, weight

    def taught(self) -> nn.Module | None:
        """What of it the teacher has a copy of."""

    def change(self, batch: PretrainingBatch) -> object:
        """Change what enters the fusion; the answer is handed to :meth:`loss`."""

    def loss(self, batch: PretrainingBatch, changed: object) -> dict[str, torch.Tensor]:
        """``dict(loss=…)``, a scalar, and whatever else is worth a line in the log."""
        raise NotImplementedError
