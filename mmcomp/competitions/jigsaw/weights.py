"""Sample weights of the published solution and of those around it."""
import numpy as np

from mmcomp.competitions.jigsaw.bias import is_yes
from mmcomp.errors import ConfigError, DataError, did_you_mean, fault

MODES = ('readme', 'quarter', 'auc_count')
CONFIDENCES = ('linear', 'clip', 'log')


def readme_weights(toxic: np.ndarray, mentioned: np.ndarray, identity_mult: float = 5.) -> np.ndarray:
    """``1 + n + T (K - n) + (1 - T) m n``, with n of K identities mentioned.

    It comes to ``1 + K`` for every toxic row, 10 with the metric's nine
    identities, and ``1 + (1 + m) n`` for a clean one.

    Args:
        toxic: ``(N,)`` booleans.
        mentioned: ``(N, K)`` booleans.
        identity_mult: m, 5 as published.
    """
    number, count = mentioned.sum(axis=1), mentioned.shape[1]
    return 1 + number + np.where(toxic, count - number, identity_mult * number).astype(np.float64)


def quarter_weights(toxic: np.ndarray, mentioned: np.ndarray) -> np.ndarray:
    """The second LSTM's, as published: a quarter each for being there, for an identity, for being toxic without one of
    the identities, and for being clean with one.

    Hardly a row mentions all identities, so it comes to 1/4 for clean rows and
    1/2 for toxic ones without an identity, 3/4 for rows with one.
    """
    some, lacking = mentioned.any(axis=1), ~mentioned.all(axis=1)
    return (1. + some + (toxic & lacking) + (~toxic & some)) / 4


def auc_count_weights(toxic: np.ndarray, mentioned: np.ndarray) -> np.ndarray:
    """What the quarters seem to mean: the kinds of areas that a row is counted in, over four.

    All rows are in the area of all, rows with an identity in its own; a row is
    among background positives and subgroup negatives, or else among background
    negatives and subgroup positives. So it comes to 1/2, and 3/4 with an identity.
    """
    some = mentioned.any(axis=1)
    crossed = toxic & ~some | ~toxic & some
    return (1. + some + crossed + ~crossed) / 4


def annotator_confidence(counts: np.ndarray, how: str = 'clip', clip: float = 3.) -> np.ndarray:
    """A factor of mean 1 that grows with the number of raters of a row, which a few rows have thousands of.

    Args:
        counts: ``(N,)`` raters of each row.
        how: ``linear``, the number over its mean; ``clip``, the same with at most ``clip``; ``log``, of the number
            plus two.
        clip: Most for ``clip``.
    """
    counts = np.asarray(counts, dtype=np.float64)
    wrong = np.flatnonzero(~(np.isfinite(counts) & (counts >= 0)))
    if len(wrong):
        raise DataError(fault('sample weights', 'annotator count', f'there and not negative ({len(wrong)} are not)',
                              f'row {wrong[0]}: {counts[wrong[0]]:g}', 'Correct the column, or set confidence=None.'))
    if how not in CONFIDENCES or not clip > 0:
        raise ConfigError(fault('sample weights', 'confidence, clip', f'one of {CONFIDENCES} and above 0', (how, clip),
                                f'Correct it.{did_you_mean(how, CONFIDENCES)}'))
    factor = np.log(counts + 2) if how == 'log' else counts / counts.mean()
    factor = np.minimum(factor, clip) if how == 'clip' else factor
    return factor / factor.mean()


def sample_weights(target: np.ndarray, identities: np.ndarray, counts: np.ndarray | None = None, *,
                   mode: str = 'readme', identity_mult: float = 5., confidence: str | None = None, clip: float = 3.,
                   normalize: bool = True) -> np.ndarray:
    """Weights ``(N,)`` of the rows that are trained on, and of no others: their means are part of it.

    Args:
        target: Shares ``(N,)``.
        identities: Shares ``(N, K)``, NaN where nobody was asked.
        counts: Raters of each row ``(N,)``, for ``confidence``.
        mode: ``readme`` (W1), ``quarter`` (W2 as published) or ``auc_count`` (W2 as meant).
        identity_mult: Of ``readme``.
        confidence: Also weigh by the number of raters (W3); see :func:`annotator_confidence`.
        clip: Of ``confidence='clip'``.
        normalize: Divide by the mean, which is then 1.
    """
    if mode not in MODES:
        raise ConfigError(fault('sample weights', 'mode', f'one of {MODES}', mode,
                                f'Correct it.{did_you_mean(mode, MODES)}'))
    toxic, mentioned = is_yes(target), is_yes(identities)
    if mode == 'readme':
        weights = readme_weights(toxic, mentioned, identity_mult)
    else:
        weights = dict(quarter=quarter_weights, auc_count=auc_count_weights)[mode](toxic, mentioned)
    if confidence is not None:
        if counts is None:
            raise ConfigError(fault('sample weights', 'counts', 'given for a confidence', None,
                                    'Name the column of annotator counts.'))
        weights = weights * annotator_confidence(counts, confidence, clip)
    return weights / weights.mean() if normalize else weights
