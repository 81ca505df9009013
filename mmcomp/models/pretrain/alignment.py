"""Contrast between the vectors of two modalities, and the gathering of them from all ranks."""
import torch
import torch.nn.functional as F
from mmengine.dist import get_dist_info


def gathered(features: torch.Tensor) -> torch.Tensor:
    """Features ``(B, C)`` of all ranks in their order; gradients go back to each rank's own."""
    if get_dist_info()[1] == 1:
        return features
    from torch.distributed.nn.functional import all_gather
    return torch.cat(all_gather(features.contiguous()))


def alignment_loss(logits: torch.Tensor, target: torch.Tensor, teacher_logits: torch.Tensor | None = None,
                   alpha: torch.Tensor | float = 0.0) -> torch.Tensor:
    """``CE(logits, alpha * softmax(teacher_logits) + (1 - alpha) * onehot(target))``, mean over rows.

    The mixed targets themselves are never made.

    Args:
        logits: ``(B, N)``.
        target: The right candidate of each row, ``(B, )``.
        teacher_logits: ``(B, N)``; without a gradient.
        alpha: Share of the teacher.

    Returns:
        A scalar; 0, with a gradient of 0, if there are no rows.
    """
    if teacher_logits is None:
        return F.cross_entropy(logits, target, reduction='sum') / max(1, len(target))
    log_shares = logits.float().log_softmax(dim=1)
    right = log_shares.gather(1, target[:, None]).sum()
    taught = (teacher_logits.detach().float().softmax(dim=1) * log_shares).sum()
    return -torch.lerp(right, taught, torch.as_tensor(alpha, dtype=right.dtype, device=right.device)) / max(
        1, len(target))
