"""Old names of the keys of a state dict."""
from collections.abc import Iterable


def map_checkpoint_keys(keys: Iterable[str]) -> dict[str, str | None]:
    """New names of a state dict's keys, for those that changed.

    Args:
        keys: Keys as they stand in the checkpoint.

    Returns:
        Old key to new key; ``None`` for a buffer that has no counterpart
        (what it held is computed anew from the training data's labels).
    """
    renamed = {key: key.replace(old, new) for key in keys for old, new in _KEY_PARTS.items() if old in key}
    return {**renamed, **{key: None for key in keys if key.endswith(_DROPPED_KEYS)}}


_KEY_PARTS = {
    'head.norm_linear.': 'head.norm_product.',
    'neck.reduction.': 'neck.fc.',
}
_DROPPED_KEYS = ('head.margins', 'head.adjustments', 'loss_module.pos_neg', 'loss_module.sample_per_class')
