"""Wrong pairs, made of the right ones of a batch."""
import torch


def half_reversed(size: int, device: torch.device | str | None = None) -> torch.Tensor:
    """The first half in its order, the second one backwards, ``(size, )``.

    The middle of an odd second half keeps its place; a pair is right where the
    order is that of ``torch.arange(size)``.
    """
    order = torch.arange(size, device=device)
    return torch.cat([order[:size // 2], order[size // 2:].flip(0)])


def randomly_replaced(size: int, share: float, device: torch.device | None = None) -> torch.Tensor:
    """``(B, )`` places: with a chance of ``share`` that of another row, each alike, else its own."""
    places = torch.arange(size, device=device)
    if size == 1:
        return places
    others = (places + torch.randint(1, size, (size, ), device=device)) % size
    return torch.where(torch.rand(size, device=device) < share, others, places)


def draw_negatives(similarities: torch.Tensor) -> torch.Tensor:
    """For each row another column, the more likely the more similar it is: *ALBEF* (Li et al., 2021).

    Args:
        similarities: ``(B, B)`` logits, right pairs on the diagonal; B is at
            least 2.

    Returns:
        ``(B, )`` columns, drawn from the softmax of a row without its diagonal.
    """
    size = len(similarities)
    diagonal = torch.eye(size, dtype=torch.bool, device=similarities.device)
    chances = similarities.detach().float().masked_fill(diagonal, -torch.inf).softmax(dim=1)
    return torch.multinomial(chances, 1).squeeze(1)
