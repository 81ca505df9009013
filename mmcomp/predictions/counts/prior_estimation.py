"""How many samples of each class a test set has, estimated from its predictions.

A model trained where class c has the part ``t_c`` says ``p(c | x)`` for that
world. In a test set with parts ``q_c`` and the same images within a class, the
probabilities are ``p(c | x) q_c / t_c``, scaled to sum to one. ``q`` is the
mean of those, which the EM iteration of Saerens, Latinne and Decaestecker
(2002) finds. It trusts the scores: they must be calibrated, and a leaning
towards some classes is taken for their being frequent. Labelled predictions
mend the leaning (:func:`leaning`), or replace the scores by how often
classes are taken for each other (:func:`confusion_prior`; Lipton, Wang and
Smola, 2018).
"""
from collections.abc import Callable

import numpy as np

from mmcomp.predictions.counts.prior_scaling import FLOOR, class_prices, row_blocks
from mmcomp.predictions.progress import silent

ITERATIONS, TOLERANCE = 100, 1e-3
SMOOTHING = 1.  # samples added to every class, against priors of zero


def em_prior(scores: np.ndarray, trained: np.ndarray, prices: np.ndarray | None = None,
             track: Callable = silent) -> np.ndarray:
    """The part of each class, ``(C,)``, sum one.

    Args:
        scores: ``(N, C)`` probabilities, or non-negative multiples of them.
        trained: Part of each class where the model was trained, ``(C,)``.
        prices: The leaning to take away first; see :func:`leaning`.
        track: Wraps the loop, to show progress.
    """
    number, classes = scores.shape
    prior = trained.copy()
    undo = np.exp(-(0 if prices is None else prices)) / np.maximum(trained, FLOOR)
    for _ in track(range(ITERATIONS), 'estimating the prior'):
        factors, total = (prior * undo).astype(np.float32), np.zeros(classes)
        for rows in row_blocks(scores):
            block = np.maximum(scores[rows], FLOOR, dtype=np.float32)
            total += (1 / (block @ factors)) @ block
        new = (total * factors + SMOOTHING) / (number + classes * SMOOTHING)
        moved, prior = np.abs(new / prior - 1).max(), new
        if moved < TOLERANCE:
            break
    return prior / prior.sum()


def leaning(scores: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Log prices at which labelled predictions expect as many of each class as there are, ``(C,)``.

    Args:
        scores: ``(M, C)`` of samples that the model did not train on.
        truth: Their columns, ``(M,)``.
    """
    counts = np.bincount(truth, minlength=scores.shape[1]) + SMOOTHING
    counts *= len(scores) / counts.sum()
    return class_prices(scores, counts, counts)[0]


def confusion_prior(labels: np.ndarray, predicted: np.ndarray, truth: np.ndarray, classes: int) -> np.ndarray:
    """The parts under which the confusion of labelled samples explains the test set's top classes, ``(C,)``.

    The linear system of black-box shift estimation, solved by the EM iteration
    for its likelihood, which keeps parts positive where a matrix inverse does not.

    Args:
        labels: Top classes of the test set, ``(N,)``.
        predicted: Top classes of labelled samples that the model did not train on, ``(M,)``.
        truth: Their true classes, ``(M,)``.
        classes: C.
    """
    from scipy.sparse import coo_array
    everyone = np.arange(classes)
    # A sample of its own class more, so that no class without labelled samples is unexplained.
    cells = (np.append(predicted, everyone), np.append(truth, everyone))
    confusion = coo_array((np.ones(len(cells[0])), cells), shape=(classes, classes)).tocsc()
    confusion = confusion / np.asarray(confusion.sum(axis=0)).reshape(1, -1)
    seen, prior = np.bincount(labels, minlength=classes) / len(labels), np.full(classes, 1 / classes)
    for _ in range(ITERATIONS):
        prior = prior * (confusion.T @ (seen / np.maximum(confusion @ prior, FLOOR)))
        prior = (prior + SMOOTHING / len(labels)) / (prior.sum() + classes * SMOOTHING / len(labels))
    return prior
