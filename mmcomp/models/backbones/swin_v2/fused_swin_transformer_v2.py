"""mmpretrain's Swin Transformer V2, faster."""
import functools

from mmpretrain.models import SwinTransformerV2
from torch import nn

from mmcomp.registry import MODELS

from .blocks import FusedShiftWindowMSA, FusedSwinBlockV2, FusedSwinBlockV2Sequence
from .fused_window_attention import FusedWindowMSAV2


@MODELS.register_module()
class FusedSwinTransformerV2(SwinTransformerV2):
    """Swin Transformer V2 (Liu et al., 2022) with mmpretrain's arguments, checkpoints and answers.

    It is mmpretrain's model: built by it, with the same weights under the same names and the same
    random numbers. What its parts compute is replaced: fused attention, masks kept for each
    size of image, position biases kept in evaluation, no unneeded copies, one
    graph under ``torch.compile``. Mixed precision rounds at other places.

    What else differs: ``train()`` and ``eval()`` return the model, ``with_cp``
    checkpoints without re-entrance, checkpoints can be loaded strictly, and
    layer-wise learning rates know its layers.

    Args:
        *args: As of mmpretrain's ``SwinTransformerV2``.
        **kwargs: Likewise.

    Raises:
        ConfigError: In the forward pass, if a feature map is smaller than its
            window and ``pad_small_map`` is off.
    """

    @functools.wraps(SwinTransformerV2.__init__)
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for stage in self.stages:
            _become(stage, FusedSwinBlockV2Sequence)
            for block in stage.blocks:
                _become(block, FusedSwinBlockV2)
                _become(block.attn, FusedShiftWindowMSA)
                _become(block.attn.w_msa, FusedWindowMSAV2)

    def train(self, mode: bool = True) -> 'FusedSwinTransformerV2':
        super().train(mode)
        return self

    def get_layer_depth(self, param_name: str, prefix: str = '') -> tuple[int, int]:
        """Depth of a parameter among the layers, and their number, for layer-wise learning rates.

        Patch embedding 0, blocks from 1 on, the merging of patches before a stage with the last
        block of the stage before; whatever is not under ``prefix``, and the last norms, at the top.
        """
        layers = sum(self.depths) + 2
        name = param_name.removeprefix(prefix)
        if param_name.startswith(prefix) and name.startswith(('patch_embed', 'absolute_pos_embed')):
            return 0, layers
        if not param_name.startswith(prefix) or not name.startswith('stages.'):
            return layers - 1, layers
        _, stage, part, block = name.split('.')[:4]
        return sum(self.depths[:int(stage)]) + (int(block) + 1 if part == 'blocks' else 0), layers

    def _delete_reinit_params(self, state_dict: dict, prefix: str, *args, **kwargs) -> None:
        """Positions in windows are this model's whatever a checkpoint says, and none are missing then."""
        for name, buffer in self.named_buffers():
            if name.endswith(('relative_position_index', 'relative_coords_table')):
                state_dict[prefix + name] = buffer


def _become(module: nn.Module, kind: type[nn.Module]) -> None:
    """Change what a module computes and leave what it holds, as ``fully_shard`` and ``parametrize`` of torch do."""
    module.__class__ = kind
