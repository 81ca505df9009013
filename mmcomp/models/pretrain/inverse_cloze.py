"""Find the video, and the rest of its words, that a piece of text was taken from."""
import torch
import torch.nn.functional as F

from mmcomp.models.necks.sequence_pooling import masked_mean
from mmcomp.registry import MODELS
from mmcomp.structures import TokenSequence

from .alignment import in_batch_contrast
from .pretraining_batch import PretrainingBatch
from .pretraining_task import PretrainingTask


def draw_pieces(mask: torch.Tensor, separators: torch.Tensor | None = None, share: float = 0.3) -> torch.Tensor:
    """One piece of each text, ``(B, L)`` booleans; never all of it, and at least a word where there are two.

    Args:
        mask: ``(B, L)`` booleans, true for words; special tokens are none.
        separators: ``(B, L)`` booleans of the tokens between fields. A piece is
            one of the fields that have words, each as likely; if there is but one, or
            no separators are given, a stretch of it.
        share: Of the words that a stretch has.
    """
    count = mask.sum(dim=1, keepdim=True)
    length = torch.minimum((share * count).ceil(), (count - 1).clamp(min=0))
    start = (torch.rand(len(mask), 1, device=mask.device) * (count - length + 1)).floor()
    place = mask.cumsum(dim=1) - 1
    stretch = mask & (place >= start) & (place < start + length)
    if separators is None:
        return stretch
    field = separators.cumsum(dim=1).clamp(max=mask.shape[1] - 1)
    # A field wins by the greatest of its numbers, one a field, where it has words.
    numbers = torch.rand(mask.shape, device=mask.device).gather(1, field).masked_fill(~mask, -1)
    chosen = mask & (field == field.gather(1, numbers.argmax(dim=1, keepdim=True)))
    several = (mask & ~chosen).any(dim=1, keepdim=True)
    return torch.where(several, chosen, stretch)


@MODELS.register_module()
class InverseCloze(PretrainingTask):
    """A piece of the text, encoded alone, against frames and the rest of the text together (Lee et al., 2019).

    The piece is a field, such as the title, where separators tell fields apart,
    otherwise a stretch of words. Vectors are means over tokens; the partner is
    found among the samples of all ranks. Two passes of the text's encoder and of the
    fusion are this task's own.

    Args:
        special_ids: Tokens that are no words.
        separator_id: The token between fields; by default there are none.
        share: Of the words that a stretch has.
        temperature: Cosines are divided by it; 1 for none.
        fused: Whether the piece, too, goes through the fusion, alone.
        text: Name of the modality.
        name, weight, init_cfg: See :class:`PretrainingTask`.
    """
    needs_fusion = True

    def __init__(self, special_ids: tuple[int, ...] = (0, 101, 102, 103), separator_id: int | None = None,
                 share: float = 0.3, temperature: float = 0.05, fused: bool = False, text: str = 'text',
                 name: str = 'ict', weight: float = 1.0, init_cfg: dict | list | None = None):
        super().__init__(name, weight, init_cfg)
        self.register_buffer('special_ids', torch.tensor(special_ids), persistent=False)
        self.separator_id, self.share, self.temperature = separator_id, share, temperature
        self.fused, self.text = fused, text

    def loss(self, batch: PretrainingBatch, changed: None) -> dict[str, torch.Tensor]:
        inputs = batch.inputs[self.text]
        words = inputs['mask'] & ~torch.isin(inputs['ids'], self.special_ids)
        separators = None if self.separator_id is None else inputs['ids'] == self.separator_id
        piece = draw_pieces(words, separators, self.share)
        # Special tokens stay in both.
        alone = batch.encoders[self.text](dict(inputs, mask=inputs['mask'] & ~(words & ~piece)))
        rest = batch.encoders[self.text](dict(inputs, mask=inputs['mask'] & ~piece))
        query = batch.fused({self.text: alone}) if self.fused else alone
        key = batch.fused({name: rest if name == self.text else batch.clean(name) for name in batch.encoders})
        return dict(loss=in_batch_contrast(_vector(query), _vector(key), self.temperature))


def _vector(sequence: TokenSequence) -> torch.Tensor:
    return F.normalize(masked_mean(sequence.tokens, sequence.mask).float(), dim=1)
