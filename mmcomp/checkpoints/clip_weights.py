"""The image tower of a published CLIP, in the names of transformers.

Three layouts are known: OpenAI's and Chinese-CLIP's own (``visual.*``), and that of transformers (``vision_model.*``),
which is what they become.
"""
import os
import re
from collections.abc import Mapping

import torch

from mmcomp.checkpoints.loading import load_checkpoint, state_dict_of
from mmcomp.checkpoints.torchscript import is_torchscript, torchscript_state
from mmcomp.errors import CheckpointError, shorten

SCHEME = 'clip://'
NAMES = (
    (r'^visual\.class_embedding$', 'vision_model.embeddings.class_embedding'),
    (r'^visual\.positional_embedding$', 'vision_model.embeddings.position_embedding.weight'),
    (r'^visual\.conv1\.', 'vision_model.embeddings.patch_embedding.'),
    (r'^visual\.ln_pre\.', 'vision_model.pre_layrnorm.'),
    (r'^visual\.ln_post\.', 'vision_model.post_layernorm.'),
    (r'^visual\.transformer\.resblocks\.', 'vision_model.encoder.layers.'),
    (r'\.attn\.', '.self_attn.'),
    (r'\.ln_(\d)\.', r'.layer_norm\1.'),
    (r'\.mlp\.c_fc\.', '.mlp.fc1.'),
    (r'\.mlp\.c_proj\.', '.mlp.fc2.'),
)  # yapf: disable


def clip_vision_state(state: Mapping[str, torch.Tensor], where: object = 'checkpoint') -> dict[str, torch.Tensor]:
    """The image tower in a CLIP's state dict: ``vision_model.*`` and ``visual_projection.weight``, in float32.

    Args:
        state: In any of the three layouts; other parts of the model are left out.
        where: How errors call it.

    Raises:
        CheckpointError: If there is no image tower of a ViT.
    """
    if 'visual.conv1.weight' in state and 'visual.class_embedding' in state:
        state = _of_openai({key: value for key, value in state.items() if key.startswith('visual.')})
    found = {key: value.float() for key, value in state.items()
             if key.startswith(('vision_model.', 'visual_projection.')) and not key.endswith('.position_ids')}
    if 'vision_model.embeddings.class_embedding' not in found:
        raise CheckpointError(f'{where}: no image tower of a ViT in it; it holds {shorten(state)}. '
                              'Pass the weights of a CLIP ViT of OpenAI, Chinese-CLIP or transformers.')
    return found


def _of_openai(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    found = {}
    for key, value in state.items():
        if key == 'visual.proj':  # x @ proj
            found['visual_projection.weight'] = value.t().contiguous()
            continue
        for old, new in NAMES:
            key = re.sub(old, new, key)
        stacked = re.match(r'(.*)\.in_proj_(weight|bias)$', key)
        if stacked:
            found.update({f'{stacked[1]}.{name}_proj.{stacked[2]}': part for name, part in zip('qkv', value.chunk(3))})
        else:
            found[key] = value
    return found


def load_clip_vision(filename: str | os.PathLike, map_location: object = None) -> dict:
    """What ``init_cfg=dict(type='Pretrained', checkpoint='clip://ViT-B-16.pt')`` loads: the image tower of a file.

    Args:
        filename: A file of any of the three layouts, also a TorchScript archive; ``clip://`` before it or not.
        map_location: As of ``torch.load``.
    """
    path = str(filename).removeprefix(SCHEME)
    if os.path.isfile(path) and is_torchscript(path):
        state = torchscript_state(path)
    else:
        state = state_dict_of(load_checkpoint(path, map_location or 'cpu'), path)
    return dict(state_dict=clip_vision_state(state, path))
