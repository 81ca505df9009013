"""The whole search: tables and labels in, weights and what they are worth out."""
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from mmcomp.errors import ConfigError, did_you_mean, fault
from mmcomp.predictions.progress import silent
from mmcomp.predictions.weight_search.caruana import STEPS, caruana_weights
from mmcomp.predictions.weight_search.climbing import coordinate_weights
from mmcomp.predictions.weight_search.gathering import Evidence
from mmcomp.predictions.weight_search.intervals import Gain
from mmcomp.predictions.weight_search.member_value import leave_one_out, prune
from mmcomp.predictions.weight_search.nested import Nested, Search, sample_folds, validate
from mmcomp.predictions.weight_search.objective import Objective
from mmcomp.predictions.weight_search.simplex import simplex_weights

SEARCHES = ('simplex', 'caruana', 'coordinate')


@dataclass(frozen=True)
class Found:
    """Weights of the members and what they are worth.

    Args:
        evidence: Of the members that stay.
        kept: Which of all members these are.
        weights: ``(M,)``, summing to one: what to use.
        searched: ``(M,)`` what the search found; ``weights`` are equal where that is inside the noise.
        refused: They are equal for that reason.
        score: Of ``weights`` on all samples, in the metric's own sense.
        searched_score: Of ``searched`` on the samples that it was found on.
        equal_score: Of equal weights.
        single_scores: ``(M,)`` of each member alone.
        nested: The validation of the search.
        values: What the ensemble that is used has from each member.
    """
    evidence: Evidence
    kept: list[int]
    weights: np.ndarray
    searched: np.ndarray
    refused: bool
    score: float
    searched_score: float
    equal_score: float
    single_scores: np.ndarray
    nested: Nested
    values: list[Gain]


def make_search(name: str, steps: int = STEPS, bags: int = 0, seed: int = 0) -> Search:
    """``search(objective) -> weights`` by its name.

    Raises:
        ConfigError: If there is none of the name.
    """
    searches = dict(simplex=partial(simplex_weights, seed=seed), coordinate=coordinate_weights,
                    caruana=partial(caruana_weights, steps=steps, bags=bags, seed=seed))
    if name not in searches:
        raise ConfigError(fault('search_weights', 'search', f'one of {SEARCHES}', name,
                                f'Correct it.{did_you_mean(name, SEARCHES)}'))
    return searches[name]


def equal_weights(objective: Objective) -> np.ndarray:
    """``(M,)``; the search that looks for nothing."""
    return np.full(objective.members, 1 / objective.members)


def search_weights(evidence: Evidence, search: Search, folds: int = 5, groups: Sequence[object] | None = None,
                   seed: int = 0, force: bool = False, pruned: bool = False, track: Callable = silent) -> Found:
    """Find weights, validate the search on held-out folds, and keep equal weights where it is not worth it.

    Args:
        evidence: See :func:`.gathering.gather`.
        search: See :func:`make_search`.
        folds: Of the validation.
        groups: ``(N,)`` samples of a group are held out together.
        seed: Of the folds.
        force: Keep the weights whatever the validation says.
        pruned: Drop members that are not missed.
        track: Wraps long loops, to show progress.

    Raises:
        ConfigError: With fewer samples than folds.
    """
    fold = sample_folds(evidence.truth, folds, groups, seed)
    groups = None if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
    nested = validate(evidence, search, fold, groups, track=track)
    refused = nested.gain.is_noise and not force
    used = equal_weights if refused else search
    # What is written is what is pruned and taken apart: equal weights if the search is refused.
    judged = validate(evidence, equal_weights, fold, groups, draws=1) if refused else nested
    kept = list(range(len(evidence.names)))
    if pruned and len(kept) > 2:
        kept, judged = prune(evidence, judged, used, groups, track)
        evidence = evidence.select(kept)
        if len(kept) < len(nested.weights[0]):
            nested = validate(evidence, search, fold, groups) if refused else judged
            refused = nested.gain.is_noise and not force
    objective = Objective.of(evidence)
    searched, equal = search(objective), equal_weights(objective)
    weights = equal if refused else searched
    sign = evidence.metric.sign
    return Found(evidence, kept, weights, searched, refused, sign * objective(weights), sign * objective(searched),
                 sign * objective(equal), sign * objective.vertices(), nested, leave_one_out(evidence, judged, groups))
