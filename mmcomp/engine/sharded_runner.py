"""A Runner for models whose weights are divided among the ranks."""
import torch
from mmengine.device import get_device
from mmengine.dist import is_main_process
from mmengine.runner import Runner

from mmcomp.registry import MODEL_WRAPPERS, RUNNERS
from mmcomp.sharding import divided, whole


@RUNNERS.register_module()
class ShardedRunner(Runner):
    """``Runner`` for :class:`FullyShardedModel`: its checkpoints are as those of any other training.

    So a training can be resumed with or without the wrapper and on another
    number of ranks, and soup and prediction read what it leaves.
    """

    def wrap_model(self, model_wrapper_cfg: dict, model: torch.nn.Module) -> torch.nn.Module:
        """See ``Runner.wrap_model``, which looks for wrappers in mmengine's registry alone."""
        return MODEL_WRAPPERS.build(model_wrapper_cfg, default_args=dict(module=model.to(get_device())))

    def _init_model_weights(self) -> None:
        """The wrapper did it, before it divided them."""

    def resume(self, *args, **kwargs) -> None:
        """See ``Runner.resume``; the optimizer's states are divided as their weights are."""
        super().resume(*args, **kwargs)
        for parameter, state in self.optim_wrapper.optimizer.state.items():
            for name, value in state.items():
                if torch.is_tensor(value) and value.shape == parameter.shape:
                    state[name] = divided(value, parameter)

    def save_checkpoint(self, *args, save_optimizer: bool = True, **kwargs) -> None:
        """See ``Runner.save_checkpoint``. All ranks gather, one tensor at a time; rank 0 keeps and writes them."""
        self._whole = dict(state_dict=_gathered(self.model.module.state_dict()))
        if save_optimizer:
            self._whole['optimizer'] = _gathered(self.optim_wrapper.state_dict())
        try:
            super().save_checkpoint(*args, save_optimizer=save_optimizer, **kwargs)
        finally:
            del self._whole

    def call_hook(self, fn_name: str, **kwargs) -> None:
        """See ``Runner.call_hook``; hooks see a checkpoint with whole tensors."""
        if fn_name == 'before_save_checkpoint':
            kwargs['checkpoint'].update(self._whole)
        super().call_hook(fn_name, **kwargs)


def _gathered(node: object) -> object:
    """A copy of nested dicts and lists with whole tensors on rank 0, and with ``None`` for them elsewhere."""
    if isinstance(node, dict):
        return type(node)((name, _gathered(value)) for name, value in node.items())
    if isinstance(node, list | tuple):
        return type(node)(_gathered(value) for value in node)
    if torch.is_tensor(node):
        full = whole(node)
        return full if is_main_process() else None
    return node
