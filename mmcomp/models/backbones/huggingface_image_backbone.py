"""Image encoders of Hugging Face transformers as backbones."""
import torch
from mmengine.model import BaseModule

from mmcomp.errors import ConfigError, fault
from mmcomp.models.huggingface import build_huggingface
from mmcomp.registry import MODELS

OUT_TYPES = ('raw', 'cls_token', 'mean')


@MODELS.register_module()
class HuggingFaceImageBackbone(BaseModule):
    """``AutoModel`` of transformers; (for timm there is mmpretrain's ``TIMMBackbone``).

    Args:
        name_or_path: A local folder written by ``save_pretrained``, or, with
            ``allow_download``, a model name of the hub.
        config: Instead of it, the architecture for random weights: arguments
            of the model's config class with its ``model_type``, such as
            ``dict(model_type='vit', hidden_size=192)``.
        out_type: ``'raw'``, the last hidden state, tokens ``(B, L, C)`` or a
            map ``(B, C, H, W)``; ``'cls_token'``, its first token ``(B, C)``;
            ``'mean'``, its mean over all tokens or positions ``(B, C)``.
        allow_download: Whether the hub may be asked.
        load_weights: If False, only the architecture is taken from ``name_or_path``.
        init_cfg: Config of the initialization.

    Raises:
        ConfigError: If not exactly one of ``name_or_path`` and ``config`` is
            given, or the folder does not exist and downloads are not allowed.
    """

    def __init__(self, name_or_path: str | None = None, config: dict | None = None, out_type: str = 'raw',
                 allow_download: bool = False, load_weights: bool = True, init_cfg: dict | list | None = None):
        super().__init__(init_cfg=init_cfg)
        where = type(self).__name__
        if out_type not in OUT_TYPES:
            raise ConfigError(fault(where, 'out_type', f'one of {OUT_TYPES}', out_type, 'Correct it.'))
        self.out_type = out_type
        self.model = build_huggingface(where, name_or_path, config, allow_download, load_weights)
        self.model.is_init = True  # mmengine would call its init_weights and undo the loading
        if getattr(self.model, 'pooler', None) is not None:
            self.model.pooler = None  # unused here, and DDP refuses parameters without gradients

    def forward(self, inputs: torch.Tensor) -> tuple[torch.Tensor]:
        """Images ``(B, 3, H, W)`` to a tuple of one tensor, see ``out_type``."""
        hidden = self.model(pixel_values=inputs).last_hidden_state
        if self.out_type == 'cls_token':
            return (hidden[:, 0], )
        if self.out_type == 'mean':
            return (hidden.mean(dim=1) if hidden.ndim == 3 else hidden.mean(dim=(2, 3)), )
        return (hidden, )

