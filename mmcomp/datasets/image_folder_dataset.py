"""Images in folders, with or without classes."""
from pathlib import Path

from mmcomp.datasets.image_dataset import CheckedImageDataset
from mmcomp.errors import DataError, did_you_mean, fault
from mmcomp.image_files import list_images
from mmcomp.registry import DATASETS


@DATASETS.register_module()
class ImageFolderDataset(CheckedImageDataset):
    """One folder a class (``with_label=True``), or any folder of images.

    Args:
        image_root: The folder, relative to ``data_root`` unless absolute.
        with_label: Take the first path component as the class name.
        classes: Class names in label order; by default the sorted folder
            names, which is only safe when every split has every class.
        **kwargs: As of :class:`CheckedImageDataset`.
    """

    def __init__(self, image_root: str = '', with_label: bool = True, **kwargs):
        self.with_label = with_label
        super().__init__(ann_file='', data_prefix=image_root, **kwargs)

    def samples(self) -> list[tuple[str, str, int | None]]:
        root = Path(self.img_prefix or self.data_root)
        if not root.is_dir():
            raise DataError(fault('ImageFolderDataset', 'image_root', 'an existing folder', str(root), 'Check it.'))
        names = list_images(root)
        if not self.with_label:
            return [(name, str(root / name), None) for name in names]
        label_of = self._labels_by_folder(root)
        return [(name, str(root / name), self._label(name, label_of)) for name in names]

    def _labels_by_folder(self, root: Path) -> dict[str, int]:
        if self.CLASSES is None:
            self._metainfo['classes'] = tuple(sorted(p.name for p in root.iterdir() if p.is_dir()))
        return {name: label for label, name in enumerate(self.CLASSES)}

    def _label(self, name: str, label_of: dict[str, int]) -> int:
        folder = name.partition('/')[0]
        if folder not in label_of:
            raise DataError(fault(name, 'class folder', f'one of the {len(label_of)} classes', folder,
                                  f'Add it to `classes` or move the image.{did_you_mean(folder, label_of)}'))
        return label_of[folder]
