"""How fast a text classifier trains and predicts on made-up comments, one way beside another."""
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmcomp.datasets import TabularTextDataset
from mmcomp.datasets.samplers.length_bucket_batch_sampler import bucketed_batches
from mmcomp.files import atomic_open
from mmcomp.registry import DATASETS
from mmcomp.testing.speed.measuring import ratio
from mmcomp.testing.texts import comment_lengths, make_comments, make_words, word_pieces

CONFIG = """\
_base_ = [
    '{base}/models/bert.py', '{base}/pipelines/text.py', '{base}/schedules/finetune_3e.py', '{base}/runtime/default.py']
texts = dict(
    data_root='{folder}', cache_dir='{folder}/tokens', max_length={longest},
    tokenizer=dict(_delete_=True, type='WordPiece', vocab='{folder}/vocab.txt'))
model = dict(
    backbone=dict(name_or_path=None, config=dict(
        model_type='bert', vocab_size={vocab}, hidden_size={width}, num_hidden_layers={layers},
        num_attention_heads={heads}, intermediate_size={inner}, max_position_embeddings={positions})),
    head=dict(in_channels={width}))
train_dataloader = dict(batch_size={batch_size}, num_workers=0, dataset=texts)
test_dataloader = dict(batch_size={batch_size}, num_workers=0, dataset=dict(texts, ann_file='train.csv'))
train_cfg = dict(max_epochs=1)
"""


@dataclass(frozen=True)
class Bench:
    """Comments, a model and where they are.

    Args:
        folder: For everything that is written.
        base: The folder ``configs/_base_``.
        rows: Comments.
        batch_size: Comments a batch.
        layers: Of the BERT.
        width: Of its tokens; heads are 64 wide.
        longest: Most tokens of a comment; what fixed padding pads to.
        mean: Tokens of a comment, special ones included.
        seed: Of the comments; trainings have one of their own.
    """
    folder: Path
    base: Path
    rows: int
    batch_size: int = 16
    layers: int = 4
    width: int = 128
    longest: int = 220
    mean: float = 66
    seed: int = 0

    @property
    def config(self) -> Path:
        """Where :meth:`write` leaves the config."""
        return self.folder / 'bert.py'

    @property
    def lengths(self) -> np.ndarray:
        """Tokens of each comment, the two special ones included, ``(rows,)``."""
        return comment_lengths(self.rows, self.mean - 2, self.longest - 2, self.seed) + 2

    def write(self) -> None:
        """Comments of those lengths, a vocabulary that has their words whole, and the config."""
        words = make_words(4000, self.seed)
        vocab = word_pieces(words)['vocab']
        comments = make_comments(self.lengths - 2, words[:len(words) // 2], self.seed)
        labels = np.random.default_rng(self.seed).integers(0, 2, self.rows)
        rows = [f'{i},{comment},{label}' for i, (comment, label) in enumerate(zip(comments, labels))]
        # Positions for what padding to a multiple of 8 adds, too.
        config = CONFIG.format(base=self.base, folder=self.folder, vocab=len(vocab), inner=4 * self.width,
                               heads=max(1, self.width // 64), batch_size=self.batch_size, layers=self.layers,
                               width=self.width, longest=self.longest, positions=self.longest + 8)
        for path, text in (('train.csv', '\n'.join(['id,text,label', *rows])), ('vocab.txt', '\n'.join(vocab)),
                           ('bert.py', config)):
            with atomic_open(self.folder / path) as file:
                file.write(text + '\n')

    def flops(self, padded: np.ndarray) -> float:
        """Multiplications and additions of one forward pass over sequences of so many tokens, embeddings aside.

        ``24 L C^2 + 4 L^2 C`` a layer, for ``L`` tokens of width ``C`` and an inner width of ``4 C``.
        """
        padded = np.asarray(padded, np.float64)
        return float(self.layers * (24 * self.width ** 2 * padded + 4 * self.width * padded ** 2).sum())

    # ---------------------------------------------------------------- how each way pads

    def padded(self, way: str) -> np.ndarray:
        """Tokens of each comment with its padding, ``(rows,)``, in any order."""
        lengths = self.lengths
        if way == 'fixed':
            return np.full(self.rows, self.longest)
        if way == 'none':
            return lengths
        if way == 'trainer':
            from transformers.trainer_pt_utils import get_length_grouped_indices
            order = np.array(get_length_grouped_indices(lengths.tolist(), self.batch_size))
            batches = self._cut(order)
        elif way == 'buckets':
            batches = bucketed_batches(lengths, self.batch_size, 100, 1, np.random.default_rng(0))
        else:
            batches = self._cut(np.argsort(-lengths, kind='stable') if way == 'sorted' else np.arange(self.rows))
        return np.concatenate([np.full(len(batch), -(-int(lengths[batch].max()) // 8) * 8) for batch in batches])

    def _cut(self, order: np.ndarray) -> list[np.ndarray]:
        return np.split(order, range(self.batch_size, len(order), self.batch_size))

    # ---------------------------------------------------------------- trainings, an epoch each; seconds

    def train_buckets(self, seed: int) -> float:
        """Ours as the base configs have it."""
        return self._train('buckets', seed, {})

    def train_fixed(self, seed: int) -> float:
        """Ours, in random order and with padding to the longest that there may be.

        Every step costs the same then, so a quarter of them tells what all would take.
        """
        part = min(self.rows, -(-self.rows // (4 * self.batch_size)) * self.batch_size)
        seconds = self._train('fixed', seed, {
            'train_dataloader.batch_sampler': None, 'train_dataloader.dataset.indices': part,
            'data_preprocessor.pad_multiple': self.longest})
        return seconds * self.rows / part

    def train_trainer(self, seed: int) -> float:
        """Hugging Face's ``Trainer`` with the same model, batches by length and padding to a multiple of 8."""
        import torch
        from transformers import (
            BertConfig,
            BertForSequenceClassification,
            DataCollatorWithPadding,
            PreTrainedTokenizerFast,
            Trainer,
            TrainingArguments,
        )

        from mmcomp.apis import load_config
        from mmcomp.datasets.tokenizing import build_tokenizer
        cfg = load_config(self.config)
        tokenizer = build_tokenizer(cfg.train_dataloader.dataset.tokenizer.to_dict())
        rows = TabularTextDataset(**{k: v for k, v in cfg.train_dataloader.dataset.to_dict().items() if k != 'type'})
        samples = [dict(input_ids=rows[i]['inputs'].tolist(), labels=int(label))
                   for i, label in enumerate(rows.get_gt_labels())]
        torch.manual_seed(seed)
        model = BertForSequenceClassification(BertConfig(**cfg.model.backbone.config.to_dict(), num_labels=2))
        optimizer = cfg.optim_wrapper.optimizer
        steps = -(-self.rows // self.batch_size)
        args = TrainingArguments(
            output_dir=str(self.folder / 'trainer'), per_device_train_batch_size=self.batch_size, num_train_epochs=1,
            train_sampling_strategy='group_by_length', learning_rate=optimizer.lr, weight_decay=optimizer.weight_decay,
            max_grad_norm=1., lr_scheduler_type='linear', warmup_steps=steps // 10, logging_steps=100, seed=seed,
            save_strategy='no', report_to='none', disable_tqdm=True, use_cpu=not torch.cuda.is_available(),
            dataloader_pin_memory=torch.cuda.is_available())
        collate = DataCollatorWithPadding(PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token='[PAD]'),
                                          pad_to_multiple_of=8)
        clock = _clock()
        trainer = Trainer(model, args, data_collator=collate, train_dataset=samples, callbacks=[clock])
        trainer.train()
        if trainer.state.global_step != steps:
            raise RuntimeError(f'the Trainer made {trainer.state.global_step} steps of {steps}')
        return clock.end - clock.start

    def _train(self, name: str, seed: int, options: dict) -> float:
        from mmcomp.apis import load_config
        from mmcomp.apis.training import train
        runner = train(load_config(self.config, options), work_dir=str(self.folder / name), validate=False, seed=seed)
        # From the end of a step to the end of the next one, data loading included.
        seconds, _ = runner.message_hub.get_scalar('train/time').data
        return float(seconds[-len(runner.train_dataloader):].sum())

    # ---------------------------------------------------------------- predictions of all comments; seconds

    def write_weights(self) -> Path:
        """Random weights, as a checkpoint."""
        import torch

        from mmcomp.apis import build, load_config
        path = self.folder / 'weights.pth'
        if not path.is_file():
            cfg = load_config(self.config)
            model = build(dict(cfg.model.to_dict(), data_preprocessor=cfg.data_preprocessor.to_dict()))
            torch.save(dict(meta={}, state_dict=model.state_dict()), path)
        return path

    def predict_sorted(self, seed: int = 0) -> float:
        """Ours: from the longest comment to the shortest."""
        return self._predict('sorted', {})

    def predict_in_order(self, seed: int = 0) -> float:
        """As the file has them; each batch padded to its own longest comment."""
        return self._predict('order', {'test_dataloader.dataset.type': 'FileOrderTexts'})

    def predict_fixed(self, seed: int = 0) -> float:
        """As the file has them, padded to the longest that there may be."""
        return self._predict('fixed', {'test_dataloader.dataset.type': 'FileOrderTexts',
                                       'data_preprocessor.pad_multiple': self.longest})

    def _predict(self, name: str, options: dict) -> float:
        from mmcomp.apis import load_config, predict_table
        cfg, weights = load_config(self.config, options), str(self.write_weights())
        start = time.perf_counter()
        predict_table(cfg, weights, str(self.folder / f'{name}.pkl'))
        return time.perf_counter() - start


@DATASETS.register_module()
class FileOrderTexts(TabularTextDataset):
    """Texts that do not tell their lengths, so that prediction keeps the order of the file."""

    @property
    def lengths(self):
        raise AttributeError('lengths')


def _clock():
    """A callback of the Trainer that looks at the clock when training begins and when it ends."""
    from transformers import TrainerCallback

    class Clock(TrainerCallback):
        def on_train_begin(self, *args, **kwargs):
            self.start = time.perf_counter()

        def on_step_end(self, *args, **kwargs):
            self.end = time.perf_counter()

    return Clock()


def speed_rows(bench: Bench, names: Sequence[str], paddings: Sequence[str], seconds: np.ndarray,
               over: Sequence[int]) -> Iterator[list[str]]:
    """Rows of a markdown table: speed, ratios round by round, padding, and what padding alone lets one expect.

    Args:
        bench: What ran.
        names: Of the ways, in the order of ``seconds``.
        paddings: What of :meth:`Bench.padded` each way is.
        seconds: ``(rounds, ways)``.
        over: Ways to state the others' ratios over.
    """
    fixed, useful = bench.flops(bench.padded('fixed')), bench.lengths.sum()
    yield ['way', 'comments/s', *(f'over {names[at]}' for at in over), 'padding, %', 'FLOPs of fixed over its own']
    for at, (name, padding) in enumerate(zip(names, paddings)):
        padded = bench.padded(padding)
        ratios = [ratio(seconds[:, base] / seconds[:, at]) if base != at else '' for base in over]
        yield [name, f'{bench.rows / np.median(seconds[:, at]):.0f}', *ratios,
               f'{100 * (1 - useful / padded.sum()):.1f}', f'{fixed / bench.flops(padded):.2f}']
    yield ['(no padding at all)', '', *('' for _ in over), '0.0', f'{fixed / bench.flops(bench.lengths):.2f}']
