"""What the linear heads with dropout and sample weights share."""
import torch
from mmpretrain.structures import DataSample
from torch import nn


def sample_weights(data_samples: list[DataSample], like: torch.Tensor) -> torch.Tensor | None:
    """``weight`` of each sample, ``(B,)``; ``None`` where no sample has one."""
    weights = [sample.get('weight') for sample in data_samples]
    if all(weight is None for weight in weights):
        return None
    return like.new_tensor([1. if weight is None else float(weight) for weight in weights], dtype=torch.float32)


class DropoutLinearMixin:
    """Dropout before a linear layer, and samples that count by their weight.

    With ``dropout_samples`` above 1 the loss is the mean over so many dropout
    masks of the same features (*Multi-Sample Dropout*, Inoue, 2019).
    """

    def init_linear(self, num_classes: int, in_channels: int, dropout: float, dropout_samples: int) -> None:
        self.num_classes, self.in_channels, self.dropout_samples = num_classes, in_channels, dropout_samples
        self.dropout, self.fc = nn.Dropout(dropout), nn.Linear(in_channels, num_classes)

    def forward(self, feats: tuple[torch.Tensor, ...]) -> torch.Tensor:
        """Logits ``(B, num_classes)`` of the last of ``feats (B, in_channels)``."""
        return self.fc(self.dropout(self.pre_logits(feats)))

    def loss(self, feats: tuple[torch.Tensor, ...], data_samples: list[DataSample], **kwargs) -> dict:
        weight = sample_weights(data_samples, self.fc.weight)
        if weight is not None:
            kwargs['weight'] = weight
        rounds = [self._get_loss(self(feats), data_samples, **kwargs) for _ in range(self.dropout_samples)]
        return {name: torch.stack([losses[name] for losses in rounds]).mean(dim=0) for name in rounds[0]}
