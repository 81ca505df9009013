"""The image tower of CLIP."""
from pathlib import Path

import torch
from mmengine.model import BaseModule
from torch import nn

from mmcomp.errors import CheckpointError, ConfigError, did_you_mean, fault
from mmcomp.registry import MODELS

OUT_TYPES = ('projection', 'cls', 'patches')
DTYPES = {'float32': torch.float32, 'float16': torch.float16, 'bfloat16': torch.bfloat16}
ARCHS = {
    'b32': dict(hidden_size=768, num_hidden_layers=12, num_attention_heads=12, intermediate_size=3072, patch_size=32,
                projection_dim=512),
    'b16': dict(hidden_size=768, num_hidden_layers=12, num_attention_heads=12, intermediate_size=3072, patch_size=16,
                projection_dim=512),
    'l14': dict(hidden_size=1024, num_hidden_layers=24, num_attention_heads=16, intermediate_size=4096, patch_size=14,
                projection_dim=768),
}  # yapf: disable


@MODELS.register_module()
class CLIPVisionTower(BaseModule):
    """transformers' ``CLIPVisionModelWithProjection``: OpenAI's CLIP ViT, and that of Chinese-CLIP.

    Weights come from a folder of transformers (``name_or_path``), or from a published file by
    ``init_cfg=dict(type='Pretrained', checkpoint='clip://checkpoints/ViT-B-16.pt')``, in which the layouts of OpenAI,
    of Chinese-CLIP and of transformers are known.

    Args:
        arch: ``b16``, ``b32``, ``l14``, or a dict of arguments of ``CLIPVisionConfig``.
        name_or_path: A folder of a whole CLIP or Chinese-CLIP, or of its image tower, instead of ``arch``.
        out_type: ``projection``, a vector an image in the space that texts share, 512 of ViT-B/16; ``cls``, its first
            token behind the last norm, 768; ``patches``, its patches' tokens ``(N, L, 768)``.
        frozen: Not trained, no dropout, no activations kept.
        dtype: Of weights and arithmetic of a frozen tower: ``float16``, ``bfloat16``; the output is float32.
        gradient_checkpointing: Compute activations anew in the backward pass, to save memory.
        load_weights: If False, only the architecture is taken from ``name_or_path``.
        init_cfg: Config of the initialization.

    Raises:
        ConfigError: If an option is unknown, or half precision is to be trained.
    """

    def __init__(self, arch: str | dict | None = None, name_or_path: str | None = None, out_type: str = 'projection',
                 frozen: bool = True, dtype: str = 'float32', gradient_checkpointing: bool = False,
                 load_weights: bool = True, init_cfg: dict | list | None = None):
        super().__init__(init_cfg=init_cfg)
        _check(arch, name_or_path, out_type, frozen, dtype)
        model = _loaded(name_or_path, load_weights) if name_or_path else _random(arch)
        self.vision_model, self.visual_projection = model.vision_model, model.visual_projection
        self.vision_model.is_init = True  # mmengine would call its init_weights and undo the loading
        self.config, self.out_type, self.frozen = self.vision_model.config, out_type, frozen
        if out_type != 'projection':  # DDP refuses parameters without gradients
            self.visual_projection = None
        if out_type == 'patches':
            self.vision_model.post_layernorm = nn.Identity()
        if gradient_checkpointing:
            self.vision_model.gradient_checkpointing_enable(gradient_checkpointing_kwargs=dict(use_reentrant=False))
        if frozen:
            self.to(DTYPES[dtype]).requires_grad_(False).eval()

    @property
    def out_channels(self) -> int:
        """Width of the output."""
        return self.visual_projection.out_features if self.out_type == 'projection' else self.config.hidden_size

    def train(self, mode: bool = True) -> 'CLIPVisionTower':
        """A frozen tower stays in evaluation mode."""
        return super().train(mode and not self.frozen)

    def forward(self, inputs: torch.Tensor) -> tuple[torch.Tensor]:
        """Images ``(N, 3, H, W)`` to a tuple of one tensor, see ``out_type``; positions are resized with the images."""
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen):
            other_size = tuple(inputs.shape[2:]) != (self.config.image_size, ) * 2
            out = self.vision_model(pixel_values=inputs, interpolate_pos_encoding=other_size)
            if self.out_type == 'patches':
                return (out.last_hidden_state[:, 1:].float(), )
            vector = out.pooler_output
            return ((self.visual_projection(vector) if self.visual_projection is not None else vector).float(), )

    def _load_from_state_dict(self, state_dict, prefix, *args):
        """Refuse weights of another architecture, of which mmengine would only warn."""
        for name, value in self.state_dict().items():
            got = state_dict.get(f'{prefix}{name}', value).shape
            if got != value.shape:
                raise CheckpointError(fault('CLIPVisionTower', f'shape of {name}', tuple(value.shape), tuple(got),
                                            'Set `arch` (patch size, image size) to that of the weights.'))
        super()._load_from_state_dict(state_dict, prefix, *args)

    def get_layer_depth(self, param_name: str, prefix: str = '') -> tuple[int, int]:
        """As of ``HuggingFaceTextEncoder``: embeddings are 0, layer N is N + 1, what follows is as deep as the head."""
        depths, name = self.config.num_hidden_layers + 2, param_name.removeprefix(prefix)
        if name.startswith('vision_model.encoder.layers.'):
            return int(name.split('.')[3]) + 1, depths
        return (depths - 1 if name.startswith(('vision_model.post', 'visual_projection')) else 0), depths


def _check(arch, name_or_path, out_type: str, frozen: bool, dtype: str) -> None:
    def refuse(name, law, got, step='Correct it.'):
        raise ConfigError(fault('CLIPVisionTower', name, law, got, step))
    if (arch is None) == (name_or_path is None):
        refuse('arch', 'given if `name_or_path` is not, and only then', arch, 'Give one of the two.')
    if isinstance(arch, str) and arch not in ARCHS:
        refuse('arch', f'one of {tuple(ARCHS)}, or a dict', arch, f'Correct it.{did_you_mean(arch, ARCHS)}')
    if out_type not in OUT_TYPES:
        refuse('out_type', f'one of {OUT_TYPES}', out_type)
    if dtype not in DTYPES or dtype != 'float32' and not frozen:
        refuse('dtype', f'one of {tuple(DTYPES)}, and float32 unless the tower is frozen', dtype,
               'Set frozen=True, or train it under AmpOptimWrapper.')
    if name_or_path is not None and not Path(name_or_path).is_dir():
        refuse('name_or_path', 'an existing folder', name_or_path, 'Correct the path.')


def _random(arch: str | dict) -> nn.Module:
    from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection
    return CLIPVisionModelWithProjection(CLIPVisionConfig(**(ARCHS[arch] if isinstance(arch, str) else arch)))


def _loaded(folder: str, load_weights: bool) -> nn.Module:
    """From a folder of a whole CLIP, of a Chinese-CLIP, or of the image tower of either."""
    from transformers import AutoConfig, CLIPVisionConfig, CLIPVisionModelWithProjection
    whole = AutoConfig.from_pretrained(folder, local_files_only=True)
    part = getattr(whole, 'vision_config', whole).to_dict()
    part.pop('model_type', None)
    config = CLIPVisionConfig(**dict(part, projection_dim=whole.projection_dim))
    if not load_weights:
        return CLIPVisionModelWithProjection(config)
    # Weights stored in half precision would train in half precision otherwise.
    return CLIPVisionModelWithProjection.from_pretrained(folder, config=config, local_files_only=True,
                                                         dtype=torch.float32)
