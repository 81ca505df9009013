"""Videos with words: frames from a feature store or as images, text fields as token ids."""
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np

from mmcomp.datasets import annotation_rows, text_targets
from mmcomp.datasets.frame_sources import frame_source
from mmcomp.datasets.rowwise_dataset import RowwiseDataset
from mmcomp.datasets.token_fields import TokenFields
from mmcomp.datasets.tokenizing import build_tokenizer
from mmcomp.errors import ConfigError, DataError, MMCompError, fault, shorten
from mmcomp.registry import DATASETS, TRANSFORMS

NO_FRAMES = ('error', 'empty')


@DATASETS.register_module()
class VideoTextDataset(RowwiseDataset):
    """Rows of JSON files, each with an id, text fields and maybe a label, and the frames of each id.

    The pipeline begins with ``fields``, ``{name: (L,) ids}``, ``around`` (see
    :class:`mmcomp.datasets.token_fields.Around`), ``frames``, features ``(n,
    D)`` or encoded images, ``sample_id`` and the target. A usual one is
    ``SampleFrames``, with images ``DecodeFrames``, ``AssembleText``,
    ``PackModalities``.

    Fields are tokenised once. Files are opened in the process that reads them.

    Args:
        ann_file: A JSON list of objects or JSON lines, or several such files,
            relative to ``data_root`` unless absolute.
        rows: Rows as dicts, in place of ``ann_file``.
        id_key: Key of the ids.
        text_keys: Keys of the text fields; a field is a text, or a list of
            ``{'time': …, 'text': …}``.
        tokenizer: As of :func:`mmcomp.datasets.tokenizing.build_tokenizer`;
            without one there are no words.
        text_transforms: Configs of ``str -> str`` transforms of each field.
        sort_timed: Order timed texts by time.
        drop_repeats: Keep the first of equal timed texts.
        joiner: What stands between timed texts.
        cache_dir: Folder to keep token ids in; by default they are made anew.
        feature_zip: Archive of ``<id>.npy`` members ``(n, D)``, or several.
        frame_zips: Or a folder of ``<shard>/<id>.zip`` with images.
        frame_folder: Or a folder of folders ``<id>`` with images.
        shard_digits: Last characters of the id that name the shard; 0 for none.
        feature_width: D, by default that of the first sample.
        no_frames: An id that the source lacks is an ``error``, or has an
            ``empty`` list of frames.
        label_key: Key of the class names or indices.
        classes: Class names in label order, or a file with one a line.
        require_targets: If False, rows without the label key have no label.
        id_list: A file of ids, one a line, to keep. With ``id label`` lines
            these labels count, as in lists with pseudo labels.
        soft_targets: A prediction table whose scores, joined by id, are the targets.
        soft_ratio: Share of them in the mixture with the rows' own labels.
        score_targets: Give labels as scores, one for the class, so that they
            mix in a batch with rows of ``soft_targets``.
        weight: Of each sample, for losses that look at it.
        pipeline: Configs of transforms.
        **kwargs: ``data_root``, ``indices``, ``metainfo``, ``test_mode``.

    Raises:
        ConfigError: If options exclude each other.
        DataError: If a file, a row, an id, a label or frames are missing or wrong.
    """

    # `mmcomp.apis` knows prediction tables; see `mmcomp.apis.soft_targets`.
    read_scores: ClassVar[Callable | None] = None
    row_wise = ('token_rows', 'labels', 'targets')

    def __init__(self, ann_file: str | Sequence[str] = '', *, rows: Sequence[dict] | None = None, id_key: str = 'id',
                 text_keys: Sequence[str] = ('text', ), tokenizer: dict | None = None,
                 text_transforms: Sequence[dict] = (), sort_timed: bool = True, drop_repeats: bool = False,
                 joiner: str = '', cache_dir: str | None = None, feature_zip: str | Sequence[str] | None = None,
                 frame_zips: str | None = None, frame_folder: str | None = None, shard_digits: int = 3,
                 feature_width: int | None = None, no_frames: str = 'error', label_key: str | None = None,
                 classes: str | Sequence[str] | None = None, require_targets: bool = True, id_list: str | None = None,
                 soft_targets: str | None = None, soft_ratio: float = 1., score_targets: bool = False,
                 weight: float | None = None, pipeline: Sequence = (), lazy_init: bool = False, **kwargs):
        if bool(ann_file) == (rows is not None):
            raise ConfigError(fault(type(self).__name__, 'ann_file, rows', 'given, one of them',
                                    (ann_file, rows is not None), 'Correct the config.'))
        if no_frames not in NO_FRAMES or not 0 <= soft_ratio <= 1:
            raise ConfigError(fault(type(self).__name__, 'no_frames, soft_ratio', f'one of {NO_FRAMES}, in [0, 1]',
                                    (no_frames, soft_ratio), 'Correct the config.'))
        self.source, self.id_key, self.id_list = rows, id_key, id_list
        self.text_keys, self.tokenizer, self.cache_dir = list(text_keys), tokenizer, cache_dir
        self.text_transforms = [dict(transform) for transform in text_transforms]
        self.timed = dict(sort=sort_timed, drop_repeats=drop_repeats, joiner=joiner)
        self.frame_cfg = dict(feature_zip=feature_zip, frame_zips=frame_zips, frame_folder=frame_folder,
                              shard_digits=shard_digits, width=feature_width)
        self.no_frames, self.label_key, self.require_targets = no_frames, label_key, require_targets
        self.soft_targets, self.soft_ratio, self.score_targets = soft_targets, soft_ratio, score_targets
        self.weight = weight
        self.files = [ann_file] if isinstance(ann_file, str) else list(ann_file)
        # mmpretrain would look the names up among its own.
        built = [TRANSFORMS.build(step) if isinstance(step, dict) else step for step in pipeline]
        super().__init__(ann_file='', classes=classes, pipeline=built, lazy_init=True, **kwargs)
        if not lazy_init:
            self.full_init()

    # ---------------------------------------------------------------- what others ask for

    @property
    def name(self) -> str:
        """How errors call this data set."""
        return shorten(self.files) if self.source is None else 'rows'

    @property
    def lengths(self) -> np.ndarray:
        """Tokens of every sample as the pipeline assembles them, ``(N,)`` int32; 1 where there are no words."""
        self.full_init()
        if self.tokens is None:
            return np.ones(len(self.ids), np.int32)
        if self._lengths is None:
            fields = self.tokens.lengths(self.token_rows)
            assemble = next((t for t in self.pipeline.transforms if hasattr(t, 'lengths')), None)
            self._lengths = (np.sum(list(fields.values()), axis=0).astype(np.int32) if assemble is None else
                             assemble.lengths(fields, self.tokens.around))
        return self._lengths

    def get_gt_labels(self) -> np.ndarray:
        """Class indices of all samples, ``(N,)`` int64."""
        self.full_init()
        if self.labels is None:
            raise ConfigError(fault(self.name, 'label_key', 'given, for samples to have a class', self.label_key,
                                    'Give it, or an `id_list` with labels.'))
        return self.labels

    def get_cat_ids(self, idx: int) -> list[int]:
        """The class index of a sample, in a list."""
        return [int(self.get_gt_labels()[idx])]

    def get_data_info(self, idx: int) -> dict:
        """What the pipeline begins with, but for the frames, which :meth:`prepare_data` reads."""
        self.full_init()
        info = dict(sample_id=str(self.ids[idx]), sample_idx=range(len(self.ids))[idx])
        if self.tokens is not None:
            info.update(fields=self.tokens[self.token_rows[idx]], around=self.tokens.around)
        if self.labels is not None:
            info['gt_label'] = int(self.labels[idx])
        if self.targets is not None:
            info['gt_score'] = self.targets[idx]
        if self.weight is not None:
            info['weight'] = self.weight
        return info

    def prepare_data(self, idx: int) -> object:
        """Read the frames and run the pipeline; an error names the sample it met."""
        info = self.get_data_info(idx)
        if self.frames is not None:
            there = info['sample_id'] not in self.without_frames
            info['frames'] = self.frames.read(info['sample_id']) if there else self.frames.nothing()
        try:
            return self.pipeline(info)
        except MMCompError:
            raise
        except Exception as error:
            raise DataError(f'{self.name}, {info["sample_id"]}: the pipeline failed on this sample '
                            f'({type(error).__name__}: {error}). Look at its frames and words.') from error

    # ---------------------------------------------------------------- reading

    def full_init(self) -> None:
        """Read the annotations, tokenise the fields and look whether all frames are there, once."""
        if self._fully_initialized:
            return
        rows = self.source if self.source is not None else [
            row for file in self.files for row in annotation_rows.read_rows(self._path(file))]
        ids = annotation_rows.ids_of(rows, self.id_key, self.name)
        self.ids, self.token_rows = np.array(ids), np.arange(len(ids))
        self.labels = self.targets = None
        kept, labels = (None, None) if self.id_list is None else annotation_rows.listed(
            self._path(self.id_list), ids, self.name)
        own = range(len(ids)) if kept is None else kept
        self._read_labels([rows[row] for row in own], labels)
        self._tokenise(rows)
        self.ids, self.token_rows = self.ids[own], self.token_rows[own]
        self._find_frames()
        self._fully_initialized = True
        if self._indices is not None:
            self.get_subset_(self._indices)
        self._read_scores()

    def class_labels(self, values: Sequence, where: str) -> np.ndarray:
        """Class indices of the values of ``label_key``, ``(N,)`` int64, -1 where there is none."""
        cells = ['' if value is None else str(value) for value in values]
        labels, classes = text_targets.class_labels(cells, self.CLASSES, where)
        if classes is not None:
            self._metainfo['classes'] = tuple(classes)
        return labels

    def _read_labels(self, rows: list[dict], listed: list[int] | None) -> None:
        if listed is not None:
            wrong = [label for label in listed if self.CLASSES is not None and label >= len(self.CLASSES)]
            if wrong:
                raise DataError(fault(self.id_list, 'label', f'a class index in 0…{len(self.CLASSES) - 1}', wrong[0],
                                      'Correct the list, or `classes`.'))
            self.labels = np.array(listed, np.int64)
            return
        if self.label_key is None or not (self.require_targets or any(self.label_key in row for row in rows)):
            return
        lacking = [place for place, row in enumerate(rows) if row.get(self.label_key) is None]
        if lacking:
            raise DataError(f'{self.name}: {len(lacking)} of {len(rows)} rows lack `{self.label_key}`: rows '
                            f'{shorten(lacking)}. Add the labels, or set `require_targets=False` for a file of none.')
        self.labels = self.class_labels([row[self.label_key] for row in rows], f'{self.name}, {self.label_key}')

    def _tokenise(self, rows: Sequence[dict]) -> None:
        self.tokens = None
        if self.tokenizer is not None:
            texts = {key: annotation_rows.texts_of(rows, key, self.name, **self.timed) for key in self.text_keys}
            # All rows of the files, so that folds share one cache.
            self.tokens = TokenFields(texts, build_tokenizer(self.tokenizer), self.text_transforms, self.cache_dir,
                                      self.name)

    def _find_frames(self) -> None:
        cfg = dict(self.frame_cfg)
        archives = cfg['feature_zip']
        if archives:
            cfg['feature_zip'] = [self._path(p) for p in ([archives] if isinstance(archives, str) else archives)]
        for key in ('frame_zips', 'frame_folder'):
            cfg[key] = self._path(cfg[key]) if cfg[key] else None
        self.frames = frame_source(**cfg)
        lacking = self.frames.missing(self.ids.tolist()) if self.frames is not None else []
        if lacking and (self.no_frames == 'error' or len(lacking) == len(self.ids)):
            raise DataError(f'{self.name}: {len(lacking)} of {len(self.ids)} ids have no frames: {shorten(lacking)}. '
                            'Extract them, or set `no_frames=\'empty\'`.')
        self.without_frames = frozenset(lacking)
        if self.frames is not None:
            # The first tells the width that all must have.
            self.frames.read(next(name for name in self.ids.tolist() if name not in self.without_frames))

    def _read_scores(self) -> None:
        """Soft targets, or one-hot ones, where asked for."""
        hard = None
        if self.labels is not None and (self.score_targets or self.soft_targets):
            width = len(self.CLASSES) if self.CLASSES else int(self.labels.max()) + 1
            hard = np.eye(width, dtype=np.float32)[self.labels]
        if self.soft_targets is None:
            self.targets = hard
            return
        if self.read_scores is None:
            raise ConfigError(fault(type(self).__name__, 'soft_targets', 'read through `mmcomp.apis`',
                                    self.soft_targets, 'Call `mmcomp.apis.soft_targets.use_prediction_tables()`.'))
        path = self._path(self.soft_targets)
        soft = text_targets.soft_targets(*self.read_scores(path, self.ids), self.CLASSES, path)
        self.targets = soft if hard is None else self.soft_ratio * soft + (1 - self.soft_ratio) * hard

    def _path(self, path: str) -> str:
        return str(Path(self.data_root or '', path).expanduser())
