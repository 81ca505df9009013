"""Guess hidden words."""
from collections.abc import Sequence

import torch
from torch import nn

from mmcomp.registry import MODELS

from .language_model_head import LanguageModelHead
from .masking import draw_spans, draw_tokens, hide_tokens
from .momentum_teacher import taught_cross_entropy
from .pretraining_batch import PretrainingBatch
from .pretraining_task import PretrainingTask
from .whole_words import PieceJoints, Words, draw_words


@MODELS.register_module()
class MaskedLanguageModeling(PretrainingTask):
    """BERT's task, with tokens, whole words or spans of them, on the fused sequence or the text alone.

    Only hidden words meet the word table, a seventh of the logits of all.

    Args:
        in_channels: Width of the tokens.
        vocab_size: Words.
        mask_id: What hides a word.
        special_ids: What is never hidden nor drawn in the place of a word:
            ``[PAD]``, ``[CLS]``, ``[SEP]`` and the mask.
        probability: That a word is hidden, or that a span begins.
        span_weights: Of spans of 1, 2, … words, see :func:`draw_spans`; by default
            words are drawn one by one.
        whole_words: The words of the tokenizer, see :class:`PieceJoints`: then words are
            drawn with all of their pieces, by themselves or in spans, not the pieces. With the folder
            of BERT, ``whole_words='checkpoints/chinese-roberta-wwm-ext'``. Of a word's
            pieces each becomes the mask, another or stays by itself, as of BERT's. A Chinese
            character is a word, so of such text only names and numbers in other scripts change.
        whole: Share of the other samples that lose all of their words to the mask, see :class:`MaskedFrameModeling`.
        alone: Encode the text with hidden words by itself, and leave what enters
            the fusion as it is.
        mlm_on_mismatched: Whether also words beside the wrong video are guessed.
        distill: Mix the answers of the momentum teacher into the targets; needs
            ``alone``.
        name_or_path: Of published weights for the head, see :class:`LanguageModelHead`.
        allow_download: Whether the hub may be asked.
        load_weights: If False, nothing is read from ``name_or_path``.
        text: Name of the modality; its encoder has ``word_embeddings``.
        name, weight, init_cfg: See :class:`PretrainingTask`.
    """

    def __init__(self, in_channels: int = 768, vocab_size: int = 21128, mask_id: int = 103,
                 special_ids: Sequence[int] = (0, 101, 102, 103), probability: float = 0.15,
                 span_weights: Sequence[float] | None = None, whole: float = 0.0, alone: bool = False,
                 mlm_on_mismatched: bool = False, distill: bool = False, name_or_path: str | None = None,
                 allow_download: bool = False, load_weights: bool = True, text: str = 'text', name: str = 'mlm',
                 weight: float = 1.0, whole_words: Words | None = None, init_cfg: dict | list | None = None):
        super().__init__(name, weight, init_cfg)
        self.head = LanguageModelHead(in_channels, vocab_size, name_or_path, allow_download, load_weights)
        self.mask_id, self.probability, self.span_weights, self.text = mask_id, probability, span_weights, text
        self.alone, self.mlm_on_mismatched, self.needs_teacher = alone, mlm_on_mismatched, distill
        self.needs_fusion, self.whole = not alone, whole
        words = torch.ones(vocab_size, dtype=torch.bool)
        words[list(special_ids)] = False
        self.register_buffer('words', words, persistent=False)
        self.register_buffer('vocabulary', words.nonzero()[:, 0], persistent=False)
        self.joints = None if whole_words is None else PieceJoints(whole_words, vocab_size)

    def taught(self) -> nn.Module | None:
        return self.head if self.needs_teacher else None

    def change(self, batch: PretrainingBatch) -> tuple[torch.Tensor, dict]:
        """Which words are to be guessed, ``(B, L)`` booleans, and the inputs with words hidden.

        Words are hidden beside wrong partners, too, or a hidden word would tell the right pairs.
        """
        inputs = batch.inputs[self.text]
        candidates = inputs['mask'] & self.words[inputs['ids']]
        chosen = (self.draw(candidates) if self.joints is None else
                  draw_words(candidates, self.joints(inputs['ids'], candidates), self.draw))
        hidden = dict(inputs, ids=hide_tokens(inputs['ids'], chosen, self.mask_id, self.vocabulary))
        if self.whole:
            lost = candidates & batch.draw_lost(self.whole)[:, None]
            chosen, hidden['ids'] = chosen | lost, hidden['ids'].masked_fill(lost, self.mask_id)
        if not self.alone:
            batch.change_inputs(self.text, ids=hidden['ids'])
            chosen = chosen if self.mlm_on_mismatched else chosen & batch.matched[:, None]
        return chosen, hidden

    def draw(self, candidates: torch.Tensor) -> torch.Tensor:
        """Choose among tokens or words, ``(B, L)`` booleans."""
        if self.span_weights is None:
            return draw_tokens(candidates, self.probability)
        return draw_spans(candidates, self.probability, self.span_weights)

    def loss(self, batch: PretrainingBatch, changed: tuple[torch.Tensor, dict]) -> dict[str, torch.Tensor]:
        chosen, hidden = changed
        encoder = batch.encoders[self.text]
        sequence = encoder(hidden) if self.alone else batch.joint().part(self.text)
        # What padding a model has no positions for is cut off.
        chosen = chosen[:, :sequence.mask.shape[1]]
        target = batch.inputs[self.text]['ids'][:, :chosen.shape[1]][chosen]
        logits = self.head(sequence.tokens[chosen], encoder.word_embeddings.weight)
        if not self.needs_teacher:
            return dict(loss=taught_cross_entropy(logits, target))
        with torch.no_grad():
            teacher = batch.teacher.copies['encoders'][self.text]
            answers = batch.teacher.copies[self.name](teacher(hidden).tokens[chosen], teacher.word_embeddings.weight)
        return dict(loss=taught_cross_entropy(logits, target, answers, batch.teacher.alpha))
