"""Where adversarial training moves a weight: along its gradient, and no further than it may."""
import math
from collections.abc import Callable

import torch
from torch import Tensor

Norm = Callable[[Tensor], Tensor]


def l2_norm(tensor: Tensor) -> Tensor:
    """Length of a tensor as one vector, in float32."""
    return torch.linalg.vector_norm(tensor, dtype=torch.float32)


def ascent_step(weight: Tensor, gradient: Tensor, step: Tensor | float, norm: Norm = l2_norm) -> Tensor:
    """``weight + step * g / |g|``; the weight itself where the length of ``g`` is zero, NaN or infinite.

    No number is asked of the GPU, so nothing waits for it.

    Args:
        weight: Of any shape.
        gradient: Of the same shape; of a scaled loss, too, for its length does not count.
        step: Length of the step.
        norm: Of the whole tensors, if these are parts.
    """
    length = norm(gradient)
    usable = torch.isfinite(length) & (length > 0)
    # Three passes over the numbers, for they are many: word vectors are half of a small model.
    moved = torch.addcmul(weight, gradient.to(weight.dtype), (step / length).to(weight.dtype))
    return torch.where(usable, moved, weight)


def into_ball(weight: Tensor, origin: Tensor, eps: float, norm: Norm = l2_norm) -> Tensor:
    """The nearest point to ``weight`` at most ``eps`` away from ``origin``; what is inside stays bit for bit."""
    offset = weight - origin
    length = norm(offset)
    return torch.where(length > eps, torch.addcmul(origin, offset, (eps / length).to(weight.dtype)), weight)


def fgm_step(weight: Tensor, origin: Tensor, gradient: Tensor, eps: float, alpha: float,
             norm: Norm = l2_norm) -> Tensor:
    """Fast gradient method (Miyato et al., "Adversarial Training Methods for Semi-Supervised Text
    Classification", 2017): ``eps`` along the gradient of the clean loss.
    """
    return ascent_step(origin, gradient, eps, norm)


def pgd_step(weight: Tensor, origin: Tensor, gradient: Tensor, eps: float, alpha: float,
             norm: Norm = l2_norm) -> Tensor:
    """Projected gradient descent (Madry et al., 2018): ``alpha`` along the gradient where the weight is now, then
    back into the ball of radius ``eps``, which is infinite where steps can't have reached its edge yet.
    """
    moved = ascent_step(weight, gradient, alpha, norm)
    return moved if math.isinf(eps) else into_ball(moved, origin, eps, norm)


def awp_step(weight: Tensor, origin: Tensor, gradient: Tensor, eps: float, alpha: float,
             norm: Norm = l2_norm) -> Tensor:
    """Adversarial weight perturbation (Wu et al., 2020): ``alpha`` times the weights' own length along the gradient,
    each number no further than ``eps`` times its own size.
    """
    reach = eps * origin.abs()
    return ascent_step(weight, gradient, alpha * norm(weight), norm).clamp(origin - reach, origin + reach)
