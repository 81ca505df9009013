"""Names of a published CLIP become those of transformers; that the numbers fit is among the parity tests."""
import pytest
import torch

from mmcomp.checkpoints.clip_weights import clip_vision_state, load_clip_vision
from mmcomp.errors import CheckpointError


def test_openai_names():
    block = 'visual.transformer.resblocks.11.'
    state = {'visual.class_embedding': torch.zeros(4), 'visual.conv1.weight': torch.zeros(4, 3, 2, 2),
             'visual.proj': torch.arange(8.).view(4, 2).half(), f'{block}attn.in_proj_bias': torch.arange(12.),
             f'{block}ln_2.bias': torch.ones(4), 'token_embedding.weight': torch.zeros(3, 4),
             f'{block}mlp.c_proj.weight': torch.ones(4, 4)}
    found = clip_vision_state(state)
    layer = 'vision_model.encoder.layers.11.'
    assert found['visual_projection.weight'].tolist() == [[0, 2, 4, 6], [1, 3, 5, 7]]
    assert found['visual_projection.weight'].dtype == torch.float32
    assert found[f'{layer}self_attn.k_proj.bias'].tolist() == [4, 5, 6, 7]
    assert found[f'{layer}layer_norm2.bias'].sum() == found[f'{layer}mlp.fc2.weight'].sum() / 4 == 4
    assert not any('token' in key for key in found) and len(found) == 8


def test_another_file_is_refused(tmp_path):
    path = tmp_path / 'resnet.pth'
    torch.save({'visual.conv1.weight': torch.zeros(1), 'visual.layer1.0.weight': torch.zeros(1)}, path)
    with pytest.raises(CheckpointError, match='no image tower of a ViT.*visual.conv1.weight'):
        load_clip_vision(f'clip://{path}')
    with pytest.raises(CheckpointError, match='no such checkpoint file'):
        load_clip_vision(f'clip://{tmp_path}/none.pt')
