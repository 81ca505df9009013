"""The file that a search leaves and an ensemble reads."""
import os
from collections.abc import Sequence

import numpy as np

from mmcomp.files import write_json
from mmcomp.predictions.weight_search.intervals import Gain
from mmcomp.predictions.weight_search.searching import Found


def write_weights(path: str | os.PathLike, found: Found, files: Sequence[str], search: str) -> None:
    """Write weights and what they are worth as JSON, whole or not at all.

    ``weights`` are what to use; ``found`` what the search gave, which differs
    where ``refused``. Scores are on all samples, ``nested`` on held-out ones.

    Args:
        path: The file.
        found: Result of the search.
        files: Of all members, those that were pruned too.
        search: Its name.
    """
    nested = found.nested
    write_json(path, {
        'members': list(found.evidence.names), 'files': [str(files[m]) for m in found.kept],
        'weights': _plain(found.weights), 'found': _plain(found.searched), 'refused': found.refused,
        'metric': found.evidence.metric.name, 'score': found.score, 'uniform': found.equal_score, 'search': search,
        'nested': {**_gain(nested.gain), 'folds': int(nested.fold.max()) + 1, 'over_best_member':
                   _gain(nested.over_single), 'weights': [_plain(row) for row in nested.weights]},
        'samples': len(found.evidence), 'member_scores': _plain(found.single_scores),
        'member_values': [_gain(gain) for gain in found.values],
        'pruned': [str(f) for m, f in enumerate(files) if m not in found.kept]})


def _gain(gain: Gain) -> dict:
    return {'gain': gain.value, 'interval': [gain.low, gain.high]}


def _plain(values: np.ndarray) -> list[float]:
    return [round(float(v), 9) for v in values]
