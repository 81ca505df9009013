"""Texts in a table, as token ids."""
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
from mmengine.logging import print_log

from mmcomp.annotations import read_list
from mmcomp.datasets import text_targets, token_cache
from mmcomp.datasets.rowwise_dataset import RowwiseDataset
from mmcomp.datasets.tokenizing import build_tokenizer, special_tokens, stand_in
from mmcomp.datasets.truncation import head_share, truncate
from mmcomp.errors import ConfigError, DataError, fault, shorten
from mmcomp.registry import DATASETS, TRANSFORMS
from mmcomp.tabular import check_ids, read_columns

NAN_POLICIES = ('error', 'zero', 'keep', 'drop')


@DATASETS.register_module()
class TabularTextDataset(RowwiseDataset):
    """Rows of a CSV, TSV, JSON lines or parquet file, tokenised once.

    A sample out of the default pipeline is ``dict(inputs=(L,) int32 ids,
    special tokens included, data_samples=DataSample)``. The sample has
    ``gt_label`` (``target_col``) or ``gt_score`` ``(T,)`` (``target_cols``,
    ``soft_targets``), and as meta information ``sample_id`` and ``weight``.

    An empty text stays, for every id is to be predicted. It consists of the
    special tokens, or, where the tokenizer has none, of one end-of-text token.

    Args:
        ann_file: The table, relative to ``data_root`` unless absolute.
        tokenizer: As of :func:`mmcomp.datasets.tokenizing.build_tokenizer`.
        rows: Rows as dicts, in place of ``ann_file``.
        text_col: Column of the texts, or several, which ``joiner`` joins.
        joiner: What stands between joined columns.
        id_col: Column of the ids; by default the row number from 0.
        id_list: A file with one id a line (or ``id label``, as ``split_folds``
            writes): the other rows are left out.
        target_col: Column of class names or indices.
        target_cols: Columns of targets in [0, 1], for several tasks at once.
        weight_col: Column of sample weights.
        classes: Class names in label order, or a file with one a line.
        nan_policy: What a missing target is: an ``error``, a reason to ``drop``
            the row or, of ``target_cols``, ``zero``, or NaN (``keep``), which
            ``WeightedMultiTaskBCELoss`` does not count.
        label_alias: ``{name in the file: name asked for}`` for files that call
            a column differently, such as ``dict(toxicity='target')``.
        require_targets: If False, a table without the target columns is read
            as one without labels.
        soft_targets: A prediction table whose scores, joined by id, are the
            targets (distillation); it needs out-of-fold scores to be honest.
        soft_ratio: Share of them in the mixture with the table's own targets; one number, or one a target.
        soft_apart: Keep both apart, ``(2 T,)``, for ``DistillationBCELoss``, which has a temperature.
        max_length: Most tokens of a sample, special tokens included.
        truncation: What stays of longer ones: ``head``, ``tail`` or ``head_tail``.
        head_ratio: With ``head_tail``: the share from the start.
        text_transforms: Configs of ``str -> str`` transforms.
        cache_dir: Folder to keep the ids in; by default they are made anew.
        pipeline: From ``dict(tokens, sample_id, …)`` on.
        **kwargs: ``data_root``, ``indices``, ``metainfo``, ``test_mode``.

    Raises:
        ConfigError: If options are wrong or exclude each other.
        DataError: If the table, a cell, an id or the tokenizer is wrong.
    """

    # `mmcomp.apis` knows prediction tables; see `mmcomp.apis.soft_targets`.
    read_scores: ClassVar[Callable | None] = None
    row_wise = ('rows', 'labels', 'targets', 'weights')

    def __init__(self, ann_file: str = '', *, tokenizer: dict, rows: Sequence[dict] | None = None,
                 text_col: str | Sequence[str] = 'text', joiner: str = ' ', id_col: str | None = None,
                 id_list: str | None = None, target_col: str | None = None, target_cols: Sequence[str] = (),
                 weight_col: str | None = None, classes: str | Sequence[str] | None = None, nan_policy: str = 'error',
                 label_alias: dict[str, str] | None = None, require_targets: bool = True,
                 soft_targets: str | None = None, soft_ratio: float | Sequence[float] = 1., soft_apart: bool = False,
                 max_length: int | None = None, truncation: str = 'head', head_ratio: float = .25,
                 text_transforms: Sequence[dict] = (), cache_dir: str | None = None,
                 pipeline: Sequence = (dict(type='PackTokens'), ), lazy_init: bool = False, **kwargs):
        self.source = rows
        self.text_cols = [text_col] if isinstance(text_col, str) else list(text_col)
        self.joiner, self.id_col, self.id_list, self.weight_col = joiner, id_col, id_list, weight_col
        self.target_col, self.target_cols = target_col, list(target_cols)
        self.nan_policy, self.label_alias, self.require_targets = nan_policy, dict(label_alias or {}), require_targets
        self.soft_targets, self.soft_ratio, self.soft_apart = soft_targets, soft_ratio, soft_apart
        self.tokenizer, self.cache_dir = dict(tokenizer), cache_dir
        self.text_transforms = [dict(transform) for transform in text_transforms]
        self.max_length, self.head_share = max_length, head_share(truncation, head_ratio)
        self._check_options(bool(ann_file))
        # mmpretrain would look the names up among its own.
        built = [TRANSFORMS.build(step) if isinstance(step, dict) else step for step in pipeline]
        super().__init__(ann_file=ann_file, classes=classes, pipeline=built, lazy_init=True, **kwargs)
        if self.target_cols:
            self._metainfo['classes'] = tuple(self.target_cols)
        if not lazy_init:
            self.full_init()

    # ---------------------------------------------------------------- what others ask for

    @property
    def lengths(self) -> np.ndarray:
        """Tokens of every sample, special ones included, ``(N,)`` int32."""
        self.full_init()
        if self._lengths is None:
            own = self.tokens.lengths[self.rows]
            own = own if self.budget is None else own.clip(max=self.budget)
            self._lengths = (own + sum(map(len, self.specials))).clip(min=1).astype(np.int32)
        return self._lengths

    def get_gt_labels(self) -> np.ndarray:
        """Class indices of all samples, ``(N,)`` int64."""
        self.full_init()
        if self.labels is None:
            raise ConfigError(fault(self.name, 'target_col', 'given, for samples to have a class', None, 'Give it.'))
        return self.labels

    def get_data_info(self, idx: int) -> dict:
        """What the pipeline begins with: ``tokens`` ``(L,)`` int32, ``sample_id``, targets and weight."""
        self.full_init()
        info = dict(tokens=self._whole(self.tokens[self.rows[idx]]), sample_id=str(self.ids[idx]),
                    sample_idx=range(len(self.ids))[idx])
        if self.labels is not None:
            info['gt_label'] = int(self.labels[idx])
        if self.targets is not None:
            info['gt_score'] = self.targets[idx]
        if self.weights is not None:
            info['weight'] = float(self.weights[idx])
        return info

    # ---------------------------------------------------------------- reading

    @property
    def name(self) -> str:
        """How errors call this data set."""
        return self.ann_file or 'rows'

    def full_init(self) -> None:
        """Read the table and tokenise it, once."""
        if self._fully_initialized:
            return
        targets = [self.target_col] if self.target_col else []
        words = [*self.text_cols, *([self.id_col] if self.id_col else []), *targets]
        more = self.extra_columns()
        numbers = [*self.target_cols, *([self.weight_col] if self.weight_col else []), *more]
        optional = [name for name in more if not more[name]] if self.require_targets else [*targets, *numbers]
        table = read_columns(self.ann_file if self.source is None else self.source, words, numbers, self.label_alias,
                             optional)
        ids = table[self.id_col] if self.id_col else list(map(str, range(len(table[self.text_cols[0]]))))
        check_ids(ids, self.name)
        self.ids = np.array(ids)
        self.rows = np.arange(len(ids))
        rows = np.flatnonzero(self._read_targets(table) & self._listed(ids))
        if not len(rows):
            raise DataError(f'{self.name}: no rows are left. Check `id_list` and `nan_policy`.')
        self._take(rows)
        self._tokenise(table)
        self._fully_initialized = True
        if self._indices is not None:
            self.get_subset_(self._indices)
        self._read_soft_targets()

    def extra_columns(self) -> dict[str, bool]:
        """Columns of numbers that a subclass reads beside, and whether each must be there."""
        return {}

    def _read_targets(self, table: dict) -> np.ndarray:
        """Fill labels, targets and weights; which rows to keep, ``(N,)`` bool."""
        self.labels = self.targets = self.weights = None
        missing = np.zeros(len(self.ids), bool)
        if self.target_col in table:
            where = f'{self.name}, {self.target_col}'
            self.labels, classes = text_targets.class_labels(table[self.target_col], self.CLASSES, where)
            if classes is not None:
                self._metainfo['classes'] = tuple(classes)
            missing |= self.labels < 0
        if self.target_cols and set(self.target_cols) <= set(table):
            columns = np.stack([table[name] for name in self.target_cols], axis=1)
            self.targets = text_targets.shares(columns, self.target_cols, self.name)
            missing |= np.isnan(self.targets).any(axis=1)
            if self.nan_policy == 'zero':
                np.nan_to_num(self.targets, copy=False)
        if self.weight_col in table:
            self.weights = text_targets.weights(table[self.weight_col], f'{self.name}, {self.weight_col}')
        if self.nan_policy == 'error' and missing.any():
            raise DataError(f'{self.name}: {missing.sum()} rows lack a target: rows '
                            f"{shorten(np.flatnonzero(missing))}. Fill them, or set `nan_policy='drop'`.")
        return ~missing if self.nan_policy == 'drop' else np.ones(len(self.ids), bool)

    def _listed(self, ids: list[str]) -> np.ndarray:
        """Which rows ``id_list`` names, ``(N,)`` bool."""
        if self.id_list is None:
            return np.ones(len(ids), bool)
        path = str(Path(self.data_root or '', self.id_list))
        wanted, have = read_list(path, with_label=False)[0], set(ids)
        if not set(wanted) <= have:
            wanted = [(line.rsplit(maxsplit=1) or [''])[0] for line in wanted]
        unknown = [name for name in wanted if name not in have]
        if unknown:
            raise DataError(f'{path}: {len(unknown)} of {len(wanted)} ids are not in {self.name}: {shorten(unknown)}. '
                            'Check `id_col`, or make the list anew.')
        wanted = set(wanted)
        return np.fromiter((name in wanted for name in ids), bool, len(ids))

    def _texts(self, table: dict, rows: np.ndarray) -> list[str]:
        columns = [table[name] for name in self.text_cols]
        texts = columns[0] if len(columns) == 1 else [self.joiner.join(parts) for parts in zip(*columns, strict=True)]
        texts = [texts[row] for row in rows]
        empty = sum(not text.strip() for text in texts)
        if empty:
            print_log(f'{self.name}: {empty} of {len(texts)} texts are empty', 'current', logging.WARNING)
        return texts

    def _tokenise(self, table: dict) -> None:
        tokenizer = build_tokenizer(self.tokenizer)
        self.specials, self.stand_in = special_tokens(tokenizer), stand_in(tokenizer)
        around = sum(map(len, self.specials))
        self.budget = None if self.max_length is None else self.max_length - around
        if self.budget is not None and self.budget < 1:
            raise ConfigError(fault(type(self).__name__, 'max_length', f'above the {around} special tokens',
                                    self.max_length, 'Raise it.'))
        transforms = [TRANSFORMS.build(transform) for transform in self.text_transforms]
        if self.cache_dir is None:
            self.tokens = token_cache.in_memory(self._texts(table, self.rows), tokenizer, transforms)
            self.rows = np.arange(len(self.rows))
        else:
            # All rows of the table, so that folds share one cache.
            texts = self._texts(table, np.arange(len(table[self.text_cols[0]])))
            self.tokens = token_cache.cached(texts, tokenizer, transforms, folder=self.cache_dir,
                                             definition=self.text_transforms)

    def _read_soft_targets(self) -> None:
        if self.soft_targets is None:
            return
        if self.read_scores is None:
            raise ConfigError(fault(type(self).__name__, 'soft_targets', 'read through `mmcomp.apis`',
                                    self.soft_targets, 'Call `mmcomp.apis.soft_targets.use_prediction_tables()`.'))
        path = str(Path(self.data_root or '', self.soft_targets))
        soft = text_targets.soft_targets(*self.read_scores(path, self.ids), self.CLASSES, path)
        hard = np.eye(soft.shape[1], dtype=np.float32)[self.labels] if self.labels is not None else self.targets
        self.targets = text_targets.mixed(soft, hard, self.soft_ratio, self.soft_apart, self.name)

    # ---------------------------------------------------------------- small parts

    def _check_options(self, has_file: bool) -> None:
        where = type(self).__name__
        if has_file == (self.source is not None):
            raise ConfigError(fault(where, 'ann_file, rows', 'given, one of them', (has_file, self.source is not None),
                                    'Correct the config.'))
        if self.target_col and self.target_cols:
            raise ConfigError(fault(where, 'target_col, target_cols', 'given one at a time',
                                    (self.target_col, self.target_cols), 'Choose classes or shares.'))
        if self.nan_policy not in NAN_POLICIES or (self.target_col and self.nan_policy in ('zero', 'keep')):
            raise ConfigError(fault(where, 'nan_policy', f'one of {NAN_POLICIES}; with `target_col` `error` '
                                    'or `drop`', self.nan_policy, 'Correct the config.'))
        text_targets.check_ratio(self.soft_ratio, where)

    def _whole(self, tokens: np.ndarray) -> np.ndarray:
        """Truncated, with special tokens, never empty."""
        before, after = self.specials
        whole = np.concatenate([before, truncate(tokens, self.budget, self.head_share), after], dtype=np.int32)
        return whole if len(whole) else np.array([self.stand_in], np.int32)
