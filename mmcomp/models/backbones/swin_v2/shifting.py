"""Windows of a feature map, and which tokens of a shifted one may look at each other."""
import torch

# Added to the logits of tokens that are neighbours in a window by the shift alone; what Swin was trained with.
APART = -100.0


def split_windows(maps: torch.Tensor, window: int) -> torch.Tensor:
    """``(B, H, W, C)`` to ``(B * windows, window * window, C)``, the windows of a map in reading order."""
    batch, height, width, channels = maps.shape
    parts = maps.view(batch, height // window, window, width // window, window, channels)
    return parts.transpose(2, 3).reshape(-1, window * window, channels)


def join_windows(windows: torch.Tensor, window: int, height: int, width: int) -> torch.Tensor:
    """The inverse of :func:`split_windows`: ``(B, height, width, C)``."""
    channels = windows.shape[-1]
    parts = windows.view(-1, height // window, width // window, window, window, channels)
    return parts.transpose(2, 3).reshape(-1, height, width, channels)


def shift_mask(height: int, width: int, window: int, shift: int, device: torch.device | None = None) -> torch.Tensor:
    """What is added to the logits in the windows of a map that was rolled by ``shift``.

    Returns:
        ``(windows, N, N)`` for ``N = window * window``: 0 where both tokens were in one window's
        reach before the roll, ``APART`` elsewhere.
    """
    rows, columns = (_bands(length, window, shift, device) for length in (height, width))
    bands = split_windows((3 * rows[:, None] + columns).view(1, height, width, 1), window).squeeze(2)
    return (bands[:, None] != bands[:, :, None]) * APART


def _bands(length: int, window: int, shift: int, device: torch.device | None) -> torch.Tensor:
    position = torch.arange(length, device=device)
    return (position >= length - window).long() + (position >= length - shift)
