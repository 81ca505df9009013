"""Convolutions on images whose channels lie side by side in memory."""
import torch
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper

from mmcomp.registry import HOOKS


@HOOKS.register_module()
class ChannelsLastHook(Hook):
    """Lays the model's four-dimensional weights out with channels last (NHWC), and with them what it computes.

    Tensor cores and oneDNN compute convolutional networks faster so, without a
    copy a layer; transformers stay as they are. Names and values of the weights
    stay, so checkpoints do, too.
    """

    # Before others copy the model.
    priority = 'VERY_HIGH'

    def before_train(self, runner) -> None:
        """Change the layout of the weights."""
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        model.to(memory_format=torch.channels_last)
