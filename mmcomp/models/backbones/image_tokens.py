"""Any image backbone as an encoder of sequences."""
import torch
from mmengine.model import BaseModule

from mmcomp.errors import ConfigError, fault
from mmcomp.registry import MODELS
from mmcomp.structures import TokenSequence


@MODELS.register_module()
class ImageTokens(BaseModule):
    """The patches of an image, or the frames of a video, as a :class:`TokenSequence`.

    Args:
        backbone: Config of a backbone whose last output is a map ``(N, C, H,
            W)``, tokens ``(N, L, C)`` or a vector ``(N, C)``.
        per_image: ``tokens``, all of them, or ``mean``, one a image.
        init_cfg: Config of the initialization.
    """

    def __init__(self, backbone: dict, per_image: str = 'tokens', init_cfg: dict | list | None = None):
        super().__init__(init_cfg=init_cfg)
        if per_image not in ('tokens', 'mean'):
            raise ConfigError(fault('ImageTokens', 'per_image', '`tokens` or `mean`', per_image, 'Correct it.'))
        self.backbone, self.per_image = MODELS.build(backbone), per_image

    def forward(self, inputs: torch.Tensor | dict[str, torch.Tensor]) -> TokenSequence:
        """Encode images.

        Args:
            inputs: Images ``(B, 3, H, W)``, frames ``(B, T, 3, H, W)``, or a
                dict of such ``images`` and ``mask (B, T)``, true where there is
                a frame. A frame that is padding is not computed.

        Returns:
            Tokens ``(B, T * L, C)``, frame after frame.
        """
        images, mask = (inputs['images'], inputs['mask']) if isinstance(inputs, dict) else (inputs, None)
        if images.ndim == 4:
            images = images[:, None]
        if mask is None:
            mask = images.new_ones(images.shape[:2], dtype=torch.bool)
        there = self._tokens(images[mask]) if mask.any() else None
        if there is None:  # one image of padding keeps the backbone in the graph, and shows the shapes
            there = self._tokens(images[:1, 0])[:0]
        tokens = there.new_zeros(*mask.shape, *there.shape[1:]) + 0 * there.sum()
        tokens[mask] = there
        return TokenSequence(tokens.flatten(1, 2), mask.repeat_interleave(there.shape[1], dim=1))

    def _tokens(self, images: torch.Tensor) -> torch.Tensor:
        """``(N, 3, H, W)`` to ``(N, L, C)``."""
        out = self.backbone(images)
        out = out[-1] if isinstance(out, tuple | list) else out
        if out.ndim == 4:
            out = out.flatten(2).transpose(1, 2)
        elif out.ndim == 2:
            out = out[:, None]
        return out.mean(dim=1, keepdim=True) if self.per_image == 'mean' else out
