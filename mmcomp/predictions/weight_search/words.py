"""What a search found, in sentences."""
from collections.abc import Sequence

import numpy as np

from mmcomp.errors import shorten
from mmcomp.predictions.weight_search.searching import Found


def summary(found: Found, names: Sequence[str], force: bool = False) -> str:
    """Scores, the gain on held-out samples, and what was decided.

    Args:
        found: Result of the search.
        names: Of all members, those that were pruned too.
        force: The user wanted the weights whatever the validation says.
    """
    metric, nested = found.evidence.metric, found.nested
    factor, unit = metric.scale
    show = '{:.2f}'.format if unit else '{:.5f}'.format
    best = int(np.argmax(metric.sign * found.single_scores))
    lines = [f'{metric.name} on all {len(found.evidence)} samples: equal weights {show(factor * found.equal_score)}, '
             f'found weights {show(factor * found.searched_score)}, best member ({found.evidence.names[best]}) '
             f'{show(factor * found.single_scores[best])}']
    if len(found.kept) < len(names):
        dropped = [name for place, name in enumerate(names) if place not in found.kept]
        lines.append(f'pruned {len(dropped)} of {len(names)} members, not missed beyond the noise: '
                     f'{shorten(dropped, 20)}')
    gain = nested.gain.words(metric)
    lines.append(f'on {nested.fold.max() + 1} held-out folds: over the best member {nested.over_single.words(metric)}')
    if np.ptp(found.evidence.true, axis=0).max() == 0:
        lines.append('all members are equal on these samples: any weights give the same')
    if found.refused:
        lines.append(f'gain {gain}: inside the noise, equal weights are written; --force keeps the found ones')
    elif nested.gain.is_noise:
        lines.append(f'gain {gain}: inside the noise, the found weights are written as --force asks')
    else:
        lines.append(f'gain {gain} over equal weights (95 % interval): the found weights are written')
    return '\n'.join(lines)
