"""An LSTM on sequences of several lengths in operations that ONNX has."""
import copy

import torch
from torch import nn

from mmcomp.models.backbones import BiLSTMEncoder
from mmcomp.structures import TokenSequence


def turned(tokens: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """Each sequence of ``(B, L, C)`` from its last token to its first; what is behind its length stays there."""
    place = torch.arange(tokens.shape[1], device=tokens.device)
    back = torch.where(place < lengths[:, None], lengths[:, None] - 1 - place, place)
    return tokens.gather(1, back[..., None].expand(-1, -1, tokens.shape[2]))


class UnpackedBiLSTM(nn.Module):
    """What :class:`BiLSTMEncoder` computes in evaluation mode, without packed sequences, which ONNX does not know.

    The way back runs forward on turned sequences, so that padding comes after the words there, too.

    Args:
        encoder: Whose weights to copy.
    """

    def __init__(self, encoder: BiLSTMEncoder):
        super().__init__()
        self.embedding = encoder.embedding
        self.layers = nn.ModuleList(
            nn.ModuleList(_one_way(encoder.lstm, layer, suffix) for suffix in ('', '_reverse'))
            for layer in range(encoder.lstm.num_layers))

    def forward(self, inputs: dict[str, torch.Tensor]) -> TokenSequence:
        """``ids (B, L)``, ``mask (B, L)`` with padding at the end, to tokens; those of padding are zero."""
        mask = inputs['mask']
        lengths, tokens = mask.sum(dim=1), self.embedding(inputs['ids'].masked_fill(~mask, 0))
        for ahead, back in self.layers:
            both = ahead(tokens)[0], turned(back(turned(tokens, lengths))[0], lengths)
            tokens = torch.cat(both, dim=2)
        return TokenSequence(tokens.masked_fill(~mask[..., None], 0), mask)


def _one_way(lstm: nn.LSTM, layer: int, suffix: str) -> nn.LSTM:
    """One layer in one direction as a module of its own."""
    width = getattr(lstm, f'weight_ih_l{layer}{suffix}').shape[1]
    one = nn.LSTM(width, lstm.hidden_size, batch_first=True)
    one.load_state_dict({name: getattr(lstm, name.replace('_l0', f'_l{layer}') + suffix) for name in one.state_dict()})
    return one.eval()


def without_packing(model: nn.Module) -> nn.Module:
    """The model itself, or a copy that has :class:`UnpackedBiLSTM` in the place of each :class:`BiLSTMEncoder`."""
    if not any(isinstance(module, BiLSTMEncoder) for module in model.modules()):
        return model
    model = copy.deepcopy(model)
    for module in list(model.modules()):
        for name, child in module.named_children():
            if isinstance(child, BiLSTMEncoder):
                setattr(module, name, UnpackedBiLSTM(child))
    return model
