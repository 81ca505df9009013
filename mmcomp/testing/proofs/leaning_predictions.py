"""Made-up predictions of a model that takes similar classes for each other and leans to some of them."""
import numpy as np

from mmcomp.structures import PredictionTable

DIMENSIONS, FAMILY, KINSHIP = 32, 5, .55


def class_counts(kind: str, classes: int, each: int, rng: np.random.Generator) -> np.ndarray:
    """Samples of each class, ``(C,)``, about ``classes * each`` in all.

    Args:
        kind: ``even``; ``multinomial`` (drawn from even parts); ``long tail``
            (the most frequent class 20 times the rarest); ``shifted``
            (log-normal parts).
        classes: C.
        each: Mean number.
        rng: Random numbers.
    """
    if kind == 'even':
        return np.full(classes, each)
    parts = {'multinomial': np.ones(classes), 'long tail': np.exp(-3 * np.arange(classes) / classes),
             'shifted': np.exp(.7 * rng.standard_normal(classes))}[kind]
    return rng.multinomial(classes * each, rng.permutation(parts / parts.sum()))


def leaning_predictions(counts: np.ndarray, rng: np.random.Generator, noise: float = .8, leaning: float = 2.,
                        sharpness: float = 1.) -> tuple[PredictionTable, np.ndarray]:
    """A table and the true columns ``(N,)``.

    Classes are points, five of a family near to each other; samples lie around
    them in a normal cloud. The scores are the true probabilities for even
    classes, but for the leaning and the sharpness.

    Args:
        counts: Samples a class, ``(C,)``.
        rng: Random numbers.
        noise: Size of the clouds.
        leaning: Standard deviation of what is added to the logits of each class.
        sharpness: Factor of all logits; above 1 the model is too sure.
    """
    classes = len(counts)
    families = rng.standard_normal((-(-classes // FAMILY), DIMENSIONS))[np.arange(classes) // FAMILY]
    points = (families + KINSHIP * rng.standard_normal((classes, DIMENSIONS))).astype(np.float32)
    truth = rng.permutation(np.repeat(np.arange(classes), counts))
    seen = points[truth] + np.float32(noise) * rng.standard_normal((len(truth), DIMENSIONS), dtype=np.float32)
    logits = (seen @ points.T - (points ** 2).sum(axis=1) / 2) / np.float32(noise ** 2)
    logits += (leaning * rng.standard_normal(classes)).astype(np.float32)
    logits *= np.float32(sharpness)
    np.exp(logits - logits.max(axis=1, keepdims=True), out=logits)
    logits /= logits.sum(axis=1, keepdims=True)
    return PredictionTable([f'{i:06d}.jpg' for i in range(len(truth))], logits), truth
