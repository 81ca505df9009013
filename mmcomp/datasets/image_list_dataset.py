"""Images named by an annotation list."""
from pathlib import Path

from mmcomp.annotations import read_list
from mmcomp.datasets.image_dataset import CheckedImageDataset
from mmcomp.registry import DATASETS


@DATASETS.register_module()
class ImageListDataset(CheckedImageDataset):
    """Samples of a text file, one ``relative/path.jpg <class index>`` a line.

    The path is the sample's id. Its image root is ``image_root``, or, when its
    first component is a key of ``image_roots``, that root; so pseudo-labelled
    rows such as ``testb/x.jpg`` need no symbolic links.

    Args:
        ann_file: The list, relative to ``data_root`` unless absolute.
        image_root: Folder of the images, likewise.
        image_roots: More folders by first path component, likewise:
            ``dict(testb='testb')`` finds ``testb/x.jpg`` as
            ``<data_root>/testb/x.jpg``.
        with_label: False for lists of bare paths.
        **kwargs: As of :class:`CheckedImageDataset`.
    """

    def __init__(self, ann_file: str, image_root: str = '', image_roots: dict[str, str] | None = None,
                 with_label: bool = True, **kwargs):
        self.image_roots = dict(image_roots or {})
        self.with_label = with_label
        super().__init__(ann_file=ann_file, data_prefix=image_root, **kwargs)

    def samples(self) -> list[tuple[str, str, int | None]]:
        names, labels = read_list(self.ann_file, self.num_classes, self.with_label)
        return [(name, self._path(name), None if labels is None else labels[i]) for i, name in enumerate(names)]

    def _path(self, name: str) -> str:
        first, _, rest = name.partition('/')
        if rest and first in self.image_roots:
            return str(Path(self.data_root or '', self.image_roots[first], rest))
        return str(Path(self.img_prefix or '', name))
