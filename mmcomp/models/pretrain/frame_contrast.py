"""Guessing hidden frames among the real frames of a batch."""
import torch
import torch.nn.functional as F

from .alignment import products


def frame_contrast(guesses: torch.Tensor, frames: torch.Tensor, mask: torch.Tensor, hidden: torch.Tensor,
                   temperature: float | None = None) -> torch.Tensor:
    """``mean over hidden i of -log softmax_j(guess_i . frame_j)[j = i]``, j over all real frames of the batch.

    Only rows of hidden frames and columns of real ones are multiplied: padding
    needs no number as low as -1e8, and about an eighth of the products is left.

    Args:
        guesses: What the model emits in the place of the hidden frames, ``(K, C)``.
        frames: The frames before some were hidden, ``(B, T, C)``.
        mask: ``(B, T)`` booleans, true for real frames.
        hidden: ``(B, T)`` booleans, the K that are guessed; all are real.
        temperature: If given, both sides are made unit vectors and products
            divided by it.

    Returns:
        A scalar; 0, with a gradient of 0, if none is hidden.
    """
    columns = frames[mask]
    if temperature is not None:
        guesses, columns = F.normalize(guesses, dim=1) / temperature, F.normalize(columns, dim=1)
    # A frame's place among the real ones.
    target = (mask.flatten().cumsum(0) - 1)[hidden.flatten()]
    return F.cross_entropy(products(guesses, columns), target, reduction='sum') / max(1, len(target))
