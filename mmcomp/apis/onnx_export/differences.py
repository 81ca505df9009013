"""How far two computations of the same outputs are apart."""
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Differences:
    """Of one set of inputs; the last two are of scores alone, see :func:`first_changes` and :func:`rank_change`."""
    data: str
    shapes: str
    largest: float
    mean: float
    first_changes: int | None = None
    rank_change: int | None = None


def ranks(scores: np.ndarray, axis: int) -> np.ndarray:
    """0 for the highest along an axis; of equals the first comes first."""
    return np.argsort(np.argsort(-scores, axis=axis, kind='stable'), axis=axis, kind='stable')


def rank_change(one: np.ndarray, other: np.ndarray, axis: int = 1) -> int:
    """By how many places the rank of a score ``(B, C)`` changes at most, among the classes or (``axis=0``) samples."""
    return int(np.abs(ranks(one, axis) - ranks(other, axis)).max())


def first_changes(one: np.ndarray, other: np.ndarray) -> int:
    """In how many rows of ``(B, C)`` another class has the highest score."""
    return int((one.argmax(axis=1) != other.argmax(axis=1)).sum())


def compare(data: str, shapes: str, one: np.ndarray, other: np.ndarray, axis: int | None = None) -> Differences:
    """Differences of two arrays.

    Args:
        data: Where the inputs are from.
        shapes: How large they are.
        one: Of torch.
        other: The same of ONNX; what is no number there makes the largest difference no number.
        axis: Along which scores are ranked; None for what is no scores. Tasks that are scored by themselves (``0``)
            have no first among them.
    """
    apart = np.abs(one.astype(np.float64) - other.astype(np.float64))
    first = first_changes(one, other) if axis == 1 else None
    return Differences(data, shapes, float(apart.max()), float(apart.mean()), first,
                       None if axis is None else rank_change(one, other, axis))
