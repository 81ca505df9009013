"""Which tokens of a long text are kept."""
import numpy as np

from mmcomp.errors import ConfigError, fault

MODES = ('head', 'tail', 'head_tail')


def head_share(truncation: str, head_ratio: float) -> float:
    """The part of the kept tokens that comes from the start of a text: 1 for ``head``, 0 for ``tail``.

    Raises:
        ConfigError: If the mode is unknown or the ratio out of [0, 1].
    """
    if truncation not in MODES or not 0 <= head_ratio <= 1:
        raise ConfigError(fault('TabularTextDataset', 'truncation, head_ratio', f'one of {MODES} and in [0, 1]',
                                (truncation, head_ratio), 'Correct the config.'))
    return dict(head=1., tail=0., head_tail=head_ratio)[truncation]


def truncate(tokens: np.ndarray, budget: int | None, share: float) -> np.ndarray:
    """At most ``budget`` tokens of ``(L,)``: ``share`` of them from the start, the others from the end.

    Sun et al., "How to Fine-Tune BERT for Text Classification?" (2019), keep
    128 of 510 from the start, a share of 1/4.
    """
    if budget is None or len(tokens) <= budget:
        return tokens
    head = round(share * budget)
    return np.concatenate([tokens[:head], tokens[len(tokens) - (budget - head):]])
