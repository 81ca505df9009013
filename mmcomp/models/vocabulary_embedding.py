"""Word vectors from a folder of :class:`EmbeddingStore` as the first layer of a model."""
import os
import zlib
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmengine.logging import print_log
from torch import nn

from mmcomp.errors import CheckpointError, ConfigError, fault
from mmcomp.structures.embedding_store import EmbeddingStore
from mmcomp.structures.word_list import read_words


class VocabularyEmbedding(nn.Module):
    """Ids to vectors ``(…, D)``, float32.

    A frozen table is not of the model: it stays in half precision, is cast as
    it is looked up, and is in no checkpoint but for a number that tells its
    store from others. So a checkpoint of a model of 1.7 million weights is one
    of 7 MB, and fits any other vocabulary over the same store. A trained one is
    a parameter as any other.

    Args:
        vocab: Words in the order of their ids, the first for padding, which is
            zero, or a file with one a line.
        store: A folder of vectors; by default they begin at random.
        frozen: Whether they stay as they are.
        width: Of vectors that begin at random.
        case_fallback: As of :meth:`EmbeddingStore.table`.
        oov: As of it.

    Raises:
        ConfigError: If neither or both of ``store`` and ``width`` are given, or
            a random table is to be frozen.
    """

    def __init__(self, vocab: str | os.PathLike | Sequence[str], store: str | os.PathLike | None = None,
                 frozen: bool = True, width: int | None = None, case_fallback: bool = True, oov: str = 'zero'):
        super().__init__()
        if (store is None) == (width is None) or (frozen and store is None):
            raise ConfigError(fault('VocabularyEmbedding', 'store, width, frozen',
                                    'a store, or a width with frozen=False', (store, width, frozen),
                                    'Correct the config.'))
        words = read_words(vocab) if isinstance(vocab, (str, os.PathLike)) else vocab
        self.words_digest = words_digest(words)
        self.store = None if store is None else EmbeddingStore(store)
        table = _random(len(words), width) if store is None else _looked_up(words, self.store, case_fallback, oov)
        self.num_words, self.out_channels, self.frozen = *table.shape, frozen
        if frozen:
            self.register_buffer('table', table, persistent=False)
            self.register_buffer('store_digest', torch.tensor(self.store.digest))
        else:
            self.weight = nn.Parameter(table.float())

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        if self.frozen:
            return F.embedding(ids, self.table).float()
        return F.embedding(ids, self.weight, padding_idx=0)

    def _load_from_state_dict(self, state_dict: dict, prefix: str, *args) -> None:
        if self.frozen and f'{prefix}weight' in state_dict:
            raise CheckpointError(fault(f'{prefix}weight', 'frozen', 'False, for these word vectors were trained: they '
                                        'are those of the checkpoint, and of its vocabulary alone', self.frozen,
                                        'Use the config it was trained with.'))
        digest = state_dict.get(f'{prefix}store_digest')
        if self.frozen and digest is not None and digest != self.store.digest:
            raise CheckpointError(fault(f'{prefix}store_digest', 'store', 'the word vectors that the checkpoint was '
                                        'trained on', str(self.store.folder), 'Give their folder, or build it again.'))
        super()._load_from_state_dict(state_dict, prefix, *args)


def words_digest(words: Sequence[str]) -> int:
    """A number that tells lists of words, or their orders, from one another."""
    return zlib.crc32('\n'.join(words).encode())


def _random(count: int, width: int) -> torch.Tensor:
    table = torch.randn(count, width) * width**-.5
    table[0] = 0
    return table


def _looked_up(words: Sequence[str], store: EmbeddingStore, case_fallback: bool, oov: str) -> torch.Tensor:
    table, coverage = store.table(words, case_fallback, oov)
    table[0] = 0
    print_log(f'{store.folder}: {coverage}', 'current')
    return torch.from_numpy(table)
