"""Word vectors and two layers of LSTM."""
import os
from collections.abc import Sequence

import torch
from mmengine.model import BaseModule
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from mmcomp.errors import DataError, fault
from mmcomp.models.vocabulary_embedding import VocabularyEmbedding
from mmcomp.registry import MODELS
from mmcomp.structures import TokenSequence


@MODELS.register_module()
class BiLSTMEncoder(BaseModule):
    """Frozen word vectors, dropout of whole channels, LSTMs in both directions.

    The text model of many toxicity and question classifiers. Sequences are
    packed, so padding changes nothing: neither the state of the way back, which
    would begin with it, nor what is pooled.

    Args:
        vocab: Words in the order of their ids, or a file with one a line; that
            of the data set's ``tokenizer=dict(type='Words', …)``.
        store: A folder that ``build_embeddings`` wrote.
        hidden_channels: Width of a direction; tokens have twice as many channels.
        num_layers: Layers of LSTM.
        spatial_dropout: Chance of each channel of the word vectors to be
            dropped, in all words of a text.
        frozen: Whether word vectors stay as they are, see :class:`VocabularyEmbedding`.
        width: Without a store: width of vectors that begin at random.
        case_fallback: See :meth:`EmbeddingStore.table`.
        oov: See it.
        init_cfg: Config of the initialization.

    Raises:
        ConfigError: See :class:`VocabularyEmbedding`.
    """

    def __init__(self, vocab: str | os.PathLike | Sequence[str], store: str | os.PathLike | None = None,
                 hidden_channels: int = 128, num_layers: int = 2, spatial_dropout: float = .2, frozen: bool = True,
                 width: int | None = None, case_fallback: bool = True, oov: str = 'zero',
                 init_cfg: dict | list | None = None):
        super().__init__(init_cfg=init_cfg)
        self.embedding = VocabularyEmbedding(vocab, store, frozen, width, case_fallback, oov)
        self.dropout = nn.Dropout1d(spatial_dropout)
        self.lstm = nn.LSTM(self.embedding.out_channels, hidden_channels, num_layers, batch_first=True,
                            bidirectional=True)
        self.out_channels = 2 * hidden_channels

    def forward(self, inputs: dict[str, torch.Tensor]) -> TokenSequence:
        """``ids (B, L)``, ``mask (B, L)`` with padding at the end, to tokens ``(B, L, 2 * hidden_channels)``."""
        mask = inputs['mask']
        vectors = self.dropout(self.embedding(inputs['ids'].masked_fill(~mask, 0)).transpose(1, 2)).transpose(1, 2)
        # A sequence of no words has one of padding, which the mask hides.
        packed = pack_padded_sequence(vectors, _lengths(mask).clamp(min=1), batch_first=True, enforce_sorted=False)
        tokens, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True, total_length=mask.shape[1])
        return TokenSequence(tokens, mask)


def _lengths(mask: torch.Tensor) -> torch.Tensor:
    """Words of each sequence, ``(B,)``, on the CPU, where packing wants them."""
    mask = mask.cpu()
    if (mask[:, 1:] & ~mask[:, :-1]).any():
        raise DataError(fault('BiLSTMEncoder', 'mask', 'true up to the padding at the end', 'padding before words',
                              'Pad as TokenDataPreprocessor does.'))
    return mask.sum(dim=1)
