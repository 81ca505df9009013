"""How modules learn the number of training rows of each class."""
from collections.abc import Sequence

import torch

from mmcomp.errors import ConfigError, fault


def log_prior(class_counts: torch.Tensor) -> torch.Tensor:
    """Log frequency of each class, ``(C,)`` counts to ``(C,)`` floats.

    An empty class counts as one row, so that the result is finite.
    """
    counts = class_counts.clamp(min=1).float()
    return counts.log() - counts.sum().log()


class ClassCountsMixin:
    """A module that needs ``class_counts``, the training rows a class ``(C,)``.

    ``ClassCountsHook`` reads the counts from the training data set and calls
    :meth:`set_class_counts`. They are a buffer, so every checkpoint holds
    them; a checkpoint without them loads as well and leaves them as they are.
    A module calls :meth:`init_class_counts` in its ``__init__`` and may
    override :meth:`class_counts_changed`, which runs after each change.
    """
    class_counts: torch.Tensor

    def init_class_counts(self, num_classes: int) -> None:
        self.register_buffer('class_counts', torch.zeros(num_classes, dtype=torch.int64))
        self._has_class_counts = False

    def set_class_counts(self, counts: Sequence[int]) -> None:
        """Take ``(C,)`` counts; :class:`ConfigError` if there are not C of them."""
        counts = torch.as_tensor(counts, dtype=torch.int64, device=self.class_counts.device)
        if counts.shape != self.class_counts.shape or bool((counts < 0).any()) or not bool(counts.any()):
            raise ConfigError(fault(
                type(self).__name__, 'class_counts',
                f'{len(self.class_counts)} counts of training rows, one a class, not all zero',
                counts.tolist(), 'Make num_classes the number of classes of the training data.'))
        self.class_counts.copy_(counts)
        self._has_class_counts = True
        self.class_counts_changed()

    def class_counts_changed(self) -> None:
        """Derive what depends on the counts."""

    def require_class_counts(self) -> torch.Tensor:
        """The counts, or :class:`ConfigError` if nobody has set them."""
        if not self._has_class_counts:
            raise ConfigError(fault(
                type(self).__name__, 'class_counts', 'known before this step', None,
                "Add dict(type='ClassCountsHook') to custom_hooks and train, or load a checkpoint that holds them."))
        return self.class_counts

    def _load_from_state_dict(self, state_dict, prefix, local_metadata, strict, missing_keys, *args):
        super()._load_from_state_dict(state_dict, prefix, local_metadata, strict, missing_keys, *args)
        key = f'{prefix}class_counts'
        if key in missing_keys:
            missing_keys.remove(key)
        self._has_class_counts = bool(self.class_counts.any())
        if self._has_class_counts:
            self.class_counts_changed()
