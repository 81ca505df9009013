from .fast_load_image_from_file import FastLoadImageFromFile
from .fast_pack_inputs import FastPackInputs
from .fast_rand_augment import FastRandAugment
from .fast_random_erasing import FastRandomErasing
from .fast_random_flip import FastRandomFlip
from .fast_resize import FastRandomResizedCrop, FastResize, FastResizeEdge
from .image_cache import ImageCache

__all__ = [
    'FastLoadImageFromFile', 'FastPackInputs', 'FastRandAugment', 'FastRandomErasing', 'FastRandomFlip',
    'FastRandomResizedCrop', 'FastResize', 'FastResizeEdge', 'ImageCache'
]
