"""How far a mean over samples can be trusted."""
import numpy as np


def bootstrap_interval(values: np.ndarray, level: float = .95, draws: int = 4000, seed: int = 0) -> tuple[float, float]:
    """The percentile bootstrap interval of the mean of ``values``, for values that take few levels.

    Drawing N samples with replacement is drawing, for each level, how often it
    comes up: one multinomial number a level and draw. So the work does not
    grow with N, unlike that of drawing samples. With right and wrong as one
    and zero the mean is an accuracy; with their difference between two models
    (-1, 0, 1) it is the paired gain.

    Args:
        values: ``(N,)``, N > 0.
        level: Coverage, between 0 and 1.
        draws: Resampled means.
        seed: Of the draws.

    Returns:
        Lower and upper end.
    """
    levels, counts = np.unique(np.asarray(values, dtype=np.float64), return_counts=True)
    drawn = np.random.default_rng(seed).multinomial(counts.sum(), counts / counts.sum(), size=draws)
    low, high = np.quantile(drawn @ levels / counts.sum(), [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def wilson_upper(right: np.ndarray, number: np.ndarray, z: float = 1.96) -> np.ndarray:
    """Upper end of Wilson's interval of a rate, element by element.

    It stays above zero for a class that was met once and missed, so that such
    a class does not count as surely bad. Source: Wilson, 1927.

    Args:
        right: Successes.
        number: Tries, above 0.
        z: Standard deviations; 1.96 is 95 %.
    """
    right, number = np.asarray(right, dtype=np.float64), np.asarray(number, dtype=np.float64)
    rate, square = right / number, z * z / number
    spread = z * np.sqrt(rate * (1 - rate) / number + square / number / 4)
    return (rate + square / 2 + spread) / (1 + square)
