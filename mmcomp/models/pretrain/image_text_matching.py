"""Tell right pairs of modalities from wrong ones."""
import torch
import torch.nn.functional as F
from torch import nn

from mmcomp.errors import ConfigError, fault
from mmcomp.models.necks.sequence_pooling import POOLINGS
from mmcomp.registry import MODELS
from mmcomp.structures import TokenSequence

from .pairing import draw_negatives, half_reversed, randomly_replaced
from .pretraining_batch import PretrainingBatch, rows_of
from .pretraining_task import PretrainingTask

NEGATIVES = ('shuffle', 'hard', 'random')


@MODELS.register_module()
class ImageTextMatching(PretrainingTask):
    """Right pairs beside wrong ones, from one part of the fused sequence.

    ``shuffle``: the second half of a batch has its videos in reverse, in the one
    pass that all tasks share; their masks, and the targets of other tasks, go
    along. ``random``: the same with each video, by chance, for another one of
    the batch; batches are drawn from the whole corpus. ``hard``: two wrong pairs
    beside each right one, a video for each text and a text for each video, drawn
    by the similarities of :class:`ContrastiveAlignment`; a second pass of the
    fusion. Each brings its own mask.

    Args:
        in_channels: Width of the tokens.
        negatives: ``shuffle``, ``random`` or ``hard``.
        part: The modality whose tokens tell.
        pooling: How they are pooled: ``cls``, ``mean``, ``max`` or ``last``.
        logits: 1, with binary cross entropy, or 2, with cross entropy.
        frames, text: Names of the modalities.
        share: Of wrong pairs, with ``random``.
        name, weight, init_cfg: See :class:`PretrainingTask`.
    """
    needs_fusion = True

    def __init__(self, in_channels: int = 768, negatives: str = 'shuffle', part: str = 'text', pooling: str = 'cls',
                 logits: int = 1, frames: str = 'frames', text: str = 'text', share: float = 0.5, name: str = 'itm',
                 weight: float = 1.0, init_cfg: dict | list | None = None):
        super().__init__(name, weight, init_cfg)
        for key, value, known in (('negatives', negatives, NEGATIVES), ('pooling', pooling, tuple(POOLINGS)),
                                  ('logits', logits, (1, 2))):
            if value not in known:
                raise ConfigError(fault('ImageTextMatching', key, f'one of {known}', value, 'Correct it.'))
        if not 0 < share < 1:
            raise ConfigError(fault('ImageTextMatching', 'share', 'between 0 and 1', share, 'Correct it.'))
        self.negatives, self.part, self.pooling, self.frames, self.text = negatives, part, pooling, frames, text
        self.share, self.turn = share, 3 if negatives == 'hard' else 0
        self.head = nn.Linear(in_channels, logits)

    @property
    def needs_similarities(self) -> bool:
        """Whether an alignment must have left similarities before."""
        return self.negatives == 'hard'

    def change(self, batch: PretrainingBatch) -> None:
        if self.negatives == 'shuffle':
            batch.permute(self.frames, half_reversed(len(batch), batch.matched.device))
        elif self.negatives == 'random':
            batch.permute(self.frames, randomly_replaced(len(batch), self.share, batch.matched.device))

    def loss(self, batch: PretrainingBatch, changed: None) -> dict[str, torch.Tensor]:
        vectors, right = self._pooled(batch.joint()), batch.matched
        if self.negatives == 'hard' and len(batch) > 1:
            vectors = torch.cat([vectors, self._pooled(self._wrong_pairs(batch))])
            right = F.pad(right, (0, len(vectors) - len(right)))
        logits = self.head(vectors)
        if logits.shape[1] == 1:
            loss = F.binary_cross_entropy_with_logits(logits[:, 0], right.to(logits.dtype))
            hits = (logits[:, 0] > 0) == right
        else:
            loss, hits = F.cross_entropy(logits, right.long()), logits.argmax(dim=1) == right
        return dict(loss=loss, accuracy=hits.float().mean())

    def _wrong_pairs(self, batch: PretrainingBatch) -> TokenSequence:
        sequences = {name: batch.entering(name) for name in batch.encoders}
        rows = {name: torch.arange(len(batch), device=batch.matched.device).repeat(2) for name in sequences}
        # Another video for each text, then another text for each video.
        rows[self.frames] = torch.cat([draw_negatives(batch.similarities[self.text]), rows[self.frames][:len(batch)]])
        rows[self.text] = torch.cat([rows[self.text][:len(batch)], draw_negatives(batch.similarities[self.frames])])
        return batch.fused({name: rows_of(sequence, rows[name]) for name, sequence in sequences.items()})

    def _pooled(self, fused: TokenSequence) -> torch.Tensor:
        part = fused.part(self.part)
        return POOLINGS[self.pooling](part.tokens, part.mask)
