"""Token ids of the fields of many samples, and what stands around a text made of them."""
import logging
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from mmengine.logging import print_log
from tokenizers import Tokenizer

from mmcomp.datasets import token_cache
from mmcomp.datasets.tokenizing import special_tokens, stand_in
from mmcomp.registry import TRANSFORMS


class Around(NamedTuple):
    """Ids before and after a text and between its fields, and the one that stands for an empty text."""
    before: np.ndarray
    after: np.ndarray
    separator: np.ndarray
    stand_in: int


def around(tokenizer: Tokenizer) -> Around:
    """What a tokenizer puts around a text; its ``[SEP]`` or ``</s>``, or else what ends a text, parts fields."""
    before, after = special_tokens(tokenizer)
    found = [token for word in ('[SEP]', '</s>') if (token := tokenizer.token_to_id(word)) is not None]
    return Around(before, after, np.array(found[:1], np.int32) if found else after[:1], stand_in(tokenizer))


class TokenFields:
    """Fields tokenised once each, so that any order, limit or policy later costs nothing.

    Args:
        texts: ``{name: N texts}``.
        tokenizer: For all of them.
        transforms: Configs of ``str -> str`` transforms, applied to each field before.
        cache_dir: Folder to keep the ids in; by default they are made anew.
        where: How warnings call the source.
    """

    def __init__(self, texts: Mapping[str, Sequence[str]], tokenizer: Tokenizer, transforms: Sequence[dict] = (),
                 cache_dir: str | None = None, where: str = 'texts'):
        self.around = around(tokenizer)
        built, definition = [TRANSFORMS.build(cfg) for cfg in transforms], list(transforms)
        self.fields = {name: token_cache.in_memory(own, tokenizer, built) if cache_dir is None else
                       token_cache.cached(own, tokenizer, built, folder=cache_dir, definition=definition)
                       for name, own in texts.items()}
        lengths = np.sum([field.lengths for field in self.fields.values()], axis=0)
        empty = int((lengths == 0).sum())
        if empty:
            print_log(f'{where}: {empty} of {len(lengths)} samples have no text at all', 'current', logging.WARNING)

    def __getitem__(self, row: int) -> dict[str, np.ndarray]:
        """Ids of a sample by field, ``(L,)`` each, views."""
        return {name: field[row] for name, field in self.fields.items()}

    def lengths(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Tokens of samples by field, ``(n,)`` int32 each."""
        return {name: field.lengths[rows] for name, field in self.fields.items()}
