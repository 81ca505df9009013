"""Which tokens are hidden from a model that is to guess them, and what stands in their place."""
import math
from collections.abc import Sequence

import torch


def draw_tokens(candidates: torch.Tensor, probability: float) -> torch.Tensor:
    """Each candidate by itself; booleans like ``candidates``."""
    return (torch.rand(candidates.shape, device=candidates.device) < probability) & candidates


def draw_spans(candidates: torch.Tensor, probability: float,
               span_weights: Sequence[float] = (0.7, 0.2, 0.1)) -> torch.Tensor:
    """Spans of one or more tokens, as a walk along each row draws them.

    At each candidate that the walk comes to, a span begins with the given
    probability; its length n has weight n of ``span_weights``. The token behind
    a span is skipped, so no two spans touch. A row of less than ``3 n - 2``
    candidates has no spans of n, and none reaches over a token that is no candidate.

    Args:
        candidates: ``(B, L)`` booleans.
        probability: That a span begins.
        span_weights: Of the lengths 1, 2, ….

    Returns:
        ``(B, L)`` booleans.
    """
    places = torch.arange(candidates.shape[1], device=candidates.device).expand_as(candidates)
    lengths = torch.minimum(_draw_lengths(candidates, span_weights), _run_ends(candidates, places) - places)
    begins = draw_tokens(candidates, probability)
    begins &= _visited(torch.where(begins, lengths + 1, 1) + places)
    # +1 where a span begins, -1 behind its end: the sum so far tells who is inside.
    change = torch.zeros(len(places), places.shape[1] + 1, dtype=torch.long, device=places.device)
    change[:, :-1] = begins.long()
    change.scatter_add_(1, places + lengths.clamp(min=1), -begins.long())
    return change.cumsum(dim=1)[:, :-1] > 0


def _draw_lengths(candidates: torch.Tensor, span_weights: Sequence[float]) -> torch.Tensor:
    weights = torch.tensor(span_weights, device=candidates.device)
    longest = torch.arange(1, len(weights) + 1, device=weights.device)
    allowed = candidates.sum(dim=1, keepdim=True) >= 3 * longest - 2
    bounds = (weights * allowed).cumsum(dim=1)
    drawn = torch.rand(candidates.shape, device=weights.device)[..., None] * bounds[:, None, -1:]
    return 1 + (drawn >= bounds[:, None, :-1]).sum(dim=2)


def _run_ends(candidates: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """Of each place the nearest one from there on that is no candidate."""
    stops = places.masked_fill(candidates, candidates.shape[1])
    return stops.flip(1).cummin(dim=1).values.flip(1)


def _visited(following: torch.Tensor) -> torch.Tensor:
    """Places that a walk from the first one comes to, when ``following (B, L)`` is the next of each.

    The ways of 1, 2, 4, … steps are followed by all rows and places at once.
    """
    rows, length = following.shape
    end = following.new_full((rows, 1), length)
    jump = torch.cat([following.clamp(max=length), end], dim=1)
    visited = torch.zeros_like(jump)
    visited[:, 0] = 1
    for _ in range(math.ceil(math.log2(length + 1))):
        visited = visited.scatter_reduce(1, jump, visited, 'amax')
        jump = jump.gather(1, jump)
    return visited[:, :-1].bool()


def hide_tokens(ids: torch.Tensor, chosen: torch.Tensor, mask_id: int, vocabulary: torch.Tensor) -> torch.Tensor:
    """Of the chosen tokens 80 % become the mask, 10 % another token, 10 % stay (*BERT*, Devlin et al., 2019).

    Args:
        ids: ``(B, L)``.
        chosen: ``(B, L)`` booleans.
        mask_id: What hides a token.
        vocabulary: Ids that another token is drawn from, ``(V, )``.
    """
    what = torch.rand(ids.shape, device=ids.device)
    drawn = vocabulary[torch.randint(len(vocabulary), ids.shape, device=ids.device)]
    hidden = torch.where(chosen & (what < 0.8), mask_id, ids)
    return torch.where(chosen & (what >= 0.9), drawn, hidden)
