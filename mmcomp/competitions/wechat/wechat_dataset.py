"""The competition's videos with its classes."""
from collections.abc import Sequence

import numpy as np

from mmcomp.competitions.wechat.taxonomy import Taxonomy
from mmcomp.datasets.video_text_dataset import VideoTextDataset
from mmcomp.registry import DATASETS


@DATASETS.register_module()
class WeChatDataset(VideoTextDataset):
    """Title, speech and overlaid text of JSON annotations, frames by id, classes of four digits.

    The label is that of the leaf. Samples also have ``parent_label``, which
    ``PackModalities`` passes on where its ``meta_keys`` name it.

    Args:
        ann_file: As of :class:`mmcomp.datasets.VideoTextDataset`, whose other
            arguments are these.
        leaves: Leaves of each parent, by default the 200 of the competition.
        text_keys: Fields in the order in which texts are put together.
        label_key: None, too, for files without labels.
        require_targets: By default a file without any labels has none.
        **kwargs: The rest.

    Raises:
        DataError: If a category is unknown, or a number that lost its zeros.
    """

    def __init__(self, ann_file: str | Sequence[str] = '', *, leaves: Sequence[int] | None = None,
                 text_keys: Sequence[str] = ('title', 'asr', 'ocr'), label_key: str | None = 'category_id',
                 require_targets: bool = False, **kwargs):
        self.taxonomy = Taxonomy.from_counts(leaves) if leaves else Taxonomy.from_counts()
        super().__init__(ann_file, text_keys=text_keys, label_key=label_key, require_targets=require_targets,
                         classes=self.taxonomy.codes, **kwargs)

    def class_labels(self, values: Sequence, where: str) -> np.ndarray:
        return self.taxonomy.labels(values, where)

    def get_data_info(self, idx: int) -> dict:
        info = super().get_data_info(idx)
        if self.labels is not None:
            info['parent_label'] = int(self.taxonomy.parent_of[self.labels[idx]])
        return info
