"""What models on toxic texts start from when nothing can be fetched: vocabularies, word vectors, a first training."""
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmcomp.files import atomic_folder, atomic_open
from mmcomp.recipes.road import Recipe
from mmcomp.recipes.work_folder import WorkFolder
from mmcomp.testing.proofs.tweets import SPECIALS

BERT = dict(model_type='bert', hidden_size=128, num_hidden_layers=2, num_attention_heads=4, intermediate_size=256,
            max_position_embeddings=96, hidden_dropout_prob=.1, attention_probs_dropout_prob=.1)
GPT2 = dict(model_type='gpt2', n_embd=128, n_layer=2, n_head=4, n_inner=256, n_positions=96, embd_pdrop=.1,
            resid_pdrop=.1, attn_pdrop=.1)
# How each LSTM sees a text.
WAYS = dict(lstm=[dict(type='IsolateSymbols')],
            lstm2=[dict(type='TreebankTokenize'), dict(type='StripApostrophes')])


@dataclass(frozen=True)
class Effort:
    """Sizes and epochs.

    Args:
        lstm: Epochs of an LSTM.
        bert: Epochs of a BERT.
        gpt2: Epochs of a GPT-2.
        masked: Epochs of a BERT's training on masked words.
        folds: Of the training rows.
        width: Of each of the two sets of word vectors.
        hidden: Of an LSTM, a direction.
        pieces: Of the transformers' vocabularies.
    """
    lstm: int = 4
    bert: int = 5
    gpt2: int = 5
    masked: int = 0
    folds: int = 3
    width: int = 64
    hidden: int = 64
    pieces: int = 6000


class Started:
    """Made from the training texts and those without labels, once.

    Args:
        work: The work folder.
        root: Of ``train.csv`` and ``unlabelled.txt``.
        effort: Sizes.
        seed: Of vectors and weights.
    """

    def __init__(self, work: WorkFolder, root: Path, effort: Effort, seed: int):
        self.effort, self.seed, self.sources = effort, seed, [root / 'train.csv', root / 'unlabelled.txt']
        self.at = work.root.resolve() / 'start'
        self.store, self.noise = self.at / 'vectors', self.at / 'noise'
        self.pieces, self.pairs, self.bert = self.at / 'pieces.txt', self.at / 'pairs/tokenizer.json', self.at / 'bert'
        sizes = dict(width=effort.width, seed=seed, ways=WAYS)
        manifests = [folder / 'manifest.json' for folder in (self.store, self.noise)]
        work.step('word vectors', self._vectors, [*manifests, *map(self.words, WAYS)], self.sources, sizes)
        work.step('word pieces', self._pieces, [self.pieces, self.pairs], self.sources, effort.pieces)
        if effort.masked:
            settings = dict(epochs=effort.masked, seed=seed, config=BERT)
            work.step('masked words', lambda: self._bert(work.say), [self.bert / 'config.json'],
                      [*self.sources, self.pieces], settings)

    def words(self, name: str) -> Path:
        """The vocabulary of an LSTM, a word a line."""
        return self.at / f'{name}-words.txt'

    def random(self) -> dict:
        """Options for vectors that say nothing."""
        return dict(model__backbone__store=str(self.noise))

    def files(self, recipe: Recipe) -> list[Path]:
        """What the training of a recipe reads."""
        name = recipe.config.stem
        if name in WAYS:
            return [self.words(name), *sorted(self.store.iterdir()), *sorted(self.noise.iterdir())]
        weights = sorted(self.bert.iterdir()) if name == 'masked' else []
        return [self.pairs if name == 'gpt2' else self.pieces, *weights]

    def bert_config(self) -> dict:
        """The architecture for random weights."""
        return dict(BERT, vocab_size=len(self.pieces.read_text(encoding='utf-8').splitlines()))

    def gpt2_config(self) -> dict:
        """The architecture for random weights; padding has the id of the end of a text, and a mask."""
        from tokenizers import Tokenizer
        tokenizer = Tokenizer.from_file(str(self.pairs))
        end = tokenizer.token_to_id('<|endoftext|>')
        return dict(GPT2, vocab_size=tokenizer.get_vocab_size(), bos_token_id=end, eos_token_id=end, pad_token_id=end)

    def texts(self) -> list[str]:
        """All texts to learn words from."""
        from mmcomp.tabular import read_columns
        labelled = read_columns(self.sources[0], ['comment_text'])['comment_text']
        return [*labelled, *self.sources[1].read_text(encoding='utf-8').splitlines()]

    # ---------------------------------------------------------------- making

    def _vectors(self) -> str:
        import mmcomp.datasets.transforms  # noqa: F401  registers the ways
        from mmcomp.datasets.word_vocabulary import WordVocabulary, count_words
        from mmcomp.registry import TRANSFORMS
        from mmcomp.structures.embedding_building import build_embeddings
        from mmcomp.testing.proofs.word_vectors import frequent_words, random_vectors, train_vectors, write_vectors
        texts, seen, counts = self.texts(), [], {}
        for name, steps in WAYS.items():
            transforms = [TRANSFORMS.build(dict(step)) for step in steps]
            counts[name] = count_words(texts, transforms, lower_case=name == 'lstm')
            WordVocabulary(counts[name], min_count=2).write(self.words(name))
            for text in texts:
                for transform in transforms:
                    text = transform(text)
                seen.append(text.lower())
        words = frequent_words(seen, 3)
        vectors = train_vectors(seen, words, self.effort.width, self.seed)
        vectors['noise'] = random_vectors(len(words), 2 * self.effort.width, self.seed)
        for name, rows in vectors.items():
            write_vectors(self.at / f'{name}.vec', words, rows)
        build_embeddings([self.at / 'near.vec', self.at / 'topic.vec'], self.store, tell=str)
        build_embeddings([self.at / 'noise.vec'], self.noise, tell=str)
        return f'{len(words)} words, {2 * self.effort.width} wide, of {len(texts)} texts'

    def _pieces(self) -> str:
        texts = self.texts()
        word_pieces(texts, self.effort.pieces, self.pieces)
        byte_pairs(texts, self.effort.pieces, self.pairs)
        return f'{self.effort.pieces} of each kind'

    def _bert(self, say: Callable[[str], None]) -> None:
        pretrain_bert(self.texts(), self.pieces, self.bert_config(), self.effort.masked, self.bert, seed=self.seed,
                      say=say)


def word_pieces(texts: Sequence[str], size: int, out: Path) -> None:
    """Learn word pieces; ``out`` has one a line."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
    tokenizer = Tokenizer(models.WordPiece(unk_token='[UNK]'))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.train_from_iterator(texts, trainers.WordPieceTrainer(
        vocab_size=size, min_frequency=2, special_tokens=list(SPECIALS), show_progress=False))
    vocab = tokenizer.get_vocab()
    with atomic_open(out) as file:
        file.writelines(f'{word}\n' for word in sorted(vocab, key=vocab.get))


def byte_pairs(texts: Sequence[str], size: int, out: Path) -> None:
    """Learn GPT-2's kind of vocabulary: a ``tokenizer.json`` whose id 0 ends a text."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=size, min_frequency=2, special_tokens=['<|endoftext|>'], show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    with atomic_open(out) as file:
        file.write(tokenizer.to_str())


def pretrain_bert(texts: Sequence[str], vocab: Path, config: dict, epochs: int, out: Path, *, seed: int = 0,
                  length: int = 64, batch_size: int = 64, lr: float = 1e-3, say: Callable[[str], None] = print) -> None:
    """Train a BERT from nothing to guess masked words; its encoder goes to ``out``, as ``save_pretrained`` writes it.

    Args:
        texts: Without labels.
        vocab: A word piece a line.
        config: Of the BERT.
        epochs: Over all texts.
        out: A folder.
        seed: Of weights, masks and order.
        length: Most word pieces of a text.
        batch_size: Texts a step.
        lr: Highest learning rate.
        say: Told of the loss of each epoch.
    """
    import torch
    from transformers import AutoConfig, BertForMaskedLM

    from mmcomp.datasets.samplers.length_bucket_batch_sampler import bucketed_batches
    from mmcomp.datasets.tokenizing import build_tokenizer
    from mmcomp.models.classifiers.token_data_preprocessor import pad_ids
    torch.manual_seed(seed)
    tokenizer = build_tokenizer(dict(type='WordPiece', vocab=str(vocab)))
    rows = [np.array(found.ids[:length]) for found in tokenizer.encode_batch_fast(list(texts))]
    lengths = np.array([len(row) for row in rows])
    model = BertForMaskedLM(AutoConfig.for_model(**config)).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=.01, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, epochs * -(-len(rows) // batch_size), pct_start=.1)
    for epoch in range(epochs):
        batches = bucketed_batches(lengths, batch_size, 50, 1, np.random.default_rng((seed, epoch)))
        total = 0.
        for batch in batches:
            loss = _masked_loss(model, pad_ids([rows[row] for row in batch]))
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.)
            optimizer.step()
            schedule.step()
            total += loss.item()
        say(f'    masked words, epoch {epoch + 1} of {epochs}: loss {total / len(batches):.2f}')
    with atomic_folder(out) as folder:
        model.bert.save_pretrained(folder)


def _masked_loss(model, padded: dict):
    """Cross entropy of the words that are asked for; logits are made of no others."""
    import torch

    from mmcomp.models.pretrain.masking import draw_tokens, hide_tokens
    ids, mask = padded['ids'], padded['mask']
    first = len(SPECIALS)
    asked = draw_tokens(mask & (ids >= first), .15)
    hidden = hide_tokens(ids, asked, SPECIALS.index('[MASK]'), torch.arange(first, model.config.vocab_size))
    tokens = model.bert(input_ids=hidden, attention_mask=mask.long()).last_hidden_state
    return torch.nn.functional.cross_entropy(model.cls(tokens[asked]), ids[asked])
