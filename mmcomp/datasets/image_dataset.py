"""What the image data sets share: ids, checks before training, clear errors."""
import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from mmengine.logging import print_log
from mmpretrain.datasets import BaseDataset

from mmcomp.errors import ConfigError, DataError, MMCompError, fault, shorten
from mmcomp.image_files import MODES, find_bad_images


class CheckedImageDataset(BaseDataset):
    """Base of the image data sets. Every sample has ``sample_id``, its path
    relative to its image root, and what can be wrong is said before training.

    Args:
        classes: Class names in label order, or a file with one a line.
        num_classes: Labels must be below it. Defaults to the number of classes.
        check: ``quick`` looks at the ends of every file, ``decode`` decodes
            every image, ``off`` trusts the list.
        on_bad_image: ``stop`` with an error, or ``skip`` and list them.
        **kwargs: As of mmpretrain's ``BaseDataset`` (``data_root``,
            ``pipeline``, ``indices``, ``test_mode``, …).

    Raises:
        DataError: Missing or broken images, labels out of range, duplicates.
    """

    def __init__(self, *, classes: str | Sequence[str] | None = None, num_classes: int | None = None,
                 check: str = 'quick', on_bad_image: str = 'stop', lazy_init: bool = False, **kwargs):
        for name, value, allowed in (('check', check, MODES), ('on_bad_image', on_bad_image, ('stop', 'skip'))):
            if value not in allowed:
                raise ConfigError(fault(type(self).__name__, name, f'one of {allowed}', value, 'Correct the config.'))
        self.check, self.on_bad_image = check, on_bad_image
        self.skipped: list[str] = []
        self._labels: np.ndarray | None = None
        super().__init__(classes=classes, lazy_init=True, **kwargs)
        self.num_classes = num_classes or (len(self.CLASSES) if self.CLASSES else None)
        if not lazy_init:
            self.full_init()

    def samples(self) -> list[tuple[str, str, int | None]]:
        """``(sample_id, image path, label or None)`` of every sample."""
        raise NotImplementedError

    def load_data_list(self) -> list[dict]:
        samples = self.samples()
        if self.check != 'off':
            samples = self._without_bad(samples)
        if not samples:
            raise DataError(f'{self.source}: no images left. Check the folder and the list.')
        return [dict(sample_id=name, img_path=path, **({} if label is None else {'gt_label': int(label)}))
                for name, path, label in samples]

    @property
    def source(self) -> str:
        """How errors call this data set."""
        return self.ann_file or self.img_prefix or str(self.data_root)

    def get_gt_labels(self) -> np.ndarray:
        """Labels of all samples, ``(N,)`` integers."""
        if self._labels is None:
            self._labels = np.array([self.get_data_info(i)['gt_label'] for i in range(len(self))], dtype=np.int64)
        return self._labels

    def prepare_data(self, idx: int):
        """Run the pipeline; an error names the sample it met."""
        try:
            return super().prepare_data(idx)
        except MMCompError:
            raise
        except Exception as error:
            path = self.get_data_info(idx)['img_path']
            raise DataError(f'{path}: the pipeline failed on this image ({type(error).__name__}: {error}). '
                            "If the file is broken, mend it or set `on_bad_image='skip', check='decode'`.") from error

    def _without_bad(self, samples: list) -> list:
        bad = dict(find_bad_images([path for _, path, _ in samples], self.check))
        if not bad:
            return samples
        listed = [f'{samples[at][1]}: {reason}' for at, reason in bad.items()]
        if self.on_bad_image == 'stop':
            raise DataError(f'{self.source}: {len(bad)} of {len(samples)} images can\'t be used: {shorten(listed)}. '
                            "Mend them, or leave them out with `on_bad_image='skip'`.")
        self.skipped = [samples[at][0] for at in bad]
        print_log(f'{self.source}: left out {len(bad)} images: {shorten(listed, 20)}', 'current', logging.WARNING)
        return [sample for at, sample in enumerate(samples) if at not in bad]


def sample_ids(dataset) -> list[str]:
    """The id of every sample: ``sample_ids`` of the data set, or ``sample_id`` of each sample, or for other data
    sets the image path relative to the image root, or the position."""
    if hasattr(dataset, 'full_init'):
        dataset.full_init()
    if hasattr(dataset, 'sample_ids'):
        return list(dataset.sample_ids)

    def name(index: int) -> str:
        info = dataset.get_data_info(index)
        path, root = info.get('img_path'), getattr(dataset, 'img_prefix', None)
        if 'sample_id' in info or path is None:
            return str(info.get('sample_id', index))
        return Path(path).relative_to(root).as_posix() if root and Path(path).is_relative_to(root) else str(path)

    return [name(i) for i in range(len(dataset))]
