"""A few frames of a video."""
from collections.abc import Sequence

import numpy as np

from mmcomp.datasets.transforms.video.frame_choice import (
    dense_tail_frames,
    random_frames,
    spread_frames,
    strided_frames,
    view_frames,
)
from mmcomp.errors import ConfigError, fault
from mmcomp.registry import TRANSFORMS

CHOICES = dict(spread=spread_frames, stride=strided_frames, dense_tail=dense_tail_frames, random=random_frames)


@TRANSFORMS.register_module()
class SampleFrames:
    """Keep at most so many frames, in the order of time.

    Takes ``frames``, an array ``(n, …)`` or something with a length and
    ``take(indices)``, which then reads no more than these. Adds ``frame_indices``.

    Args:
        max_frames: Most frames; of several numbers one is drawn for each
            sample, with ``random`` only.
        choice: ``spread``, from the first to the last, ``stride``,
            ``dense_tail``, or in training ``random``; see ``frame_choice``.
        view: With ``views``: which of them, from 0.
        views: So many different evenly spaced choices there are, for test-time
            augmentation.

    Raises:
        ConfigError: If a number is out of range, or the choice unknown.
    """

    def __init__(self, max_frames: int | Sequence[int] = 14, choice: str = 'spread', view: int = 0, views: int = 1):
        self.counts = [max_frames] if isinstance(max_frames, int) else list(max_frames)
        if not self.counts or min(self.counts) < 1 or (len(self.counts) > 1 and choice != 'random'):
            raise ConfigError(fault('SampleFrames', 'max_frames', 'above 0, several with `random` only', max_frames,
                                    'Correct the config.'))
        if choice not in CHOICES:
            raise ConfigError(fault('SampleFrames', 'choice', f'one of {tuple(CHOICES)}', choice, 'Correct it.'))
        if not 0 <= view < views or (views > 1 and choice != 'spread'):
            raise ConfigError(fault('SampleFrames', 'view, views', 'below `views`, and with `spread` only',
                                    (view, views, choice), 'Correct the config.'))
        self.choice, self.view, self.views = choice, view, views

    def __call__(self, results: dict) -> dict:
        frames = results['frames']
        results['frame_indices'] = indices = self._indices(len(frames))
        results['frames'] = frames[indices] if isinstance(frames, np.ndarray) else frames.take(indices)
        return results

    def _indices(self, count: int) -> np.ndarray:
        wanted = self.counts[np.random.randint(len(self.counts))] if len(self.counts) > 1 else self.counts[0]
        if count <= wanted:
            return np.arange(count)
        if self.views > 1:
            return view_frames(count, wanted, self.view, self.views)
        return CHOICES[self.choice](count, wanted)
