"""Switches for models that are large beside the memory of a GPU, or slow."""
from mmengine.config import Config

from mmcomp.apis.launch import tell
from mmcomp.errors import ConfigError, fault

SHARDED = 'FullyShardedModel'


def turn_on(cfg: Config, fsdp: bool = False, activation_checkpointing: bool = False, compile: bool = False,
            channels_last: bool = False, accumulate: int | None = None) -> Config:
    """Put switches of the command line into a config; what it says of them already stays.

    Args:
        cfg: The config; changed.
        fsdp: Divide weights, gradients and optimizer states among the ranks.
        activation_checkpointing: Compute activations again instead of keeping them.
        compile: ``torch.compile`` of the repeated blocks.
        channels_last: Convolutions on channels that lie side by side.
        accumulate: Batches whose gradients make one step of the optimizer.
    """
    if fsdp:
        wrapper = dict(cfg.get('model_wrapper_cfg') or {})
        cfg.model_wrapper_cfg = wrapper if is_sharded(wrapper) else dict(type=SHARDED)
    if activation_checkpointing:
        _add_hook(cfg, 'ActivationCheckpointingHook')
    if compile:
        _add_hook(cfg, 'CompileHook')
    if channels_last:
        _add_hook(cfg, 'ChannelsLastHook')
    if accumulate is not None:
        if accumulate < 1:
            raise ConfigError(fault('--accumulate', 'N', 'at least 1', accumulate, 'Give the batches of one step.'))
        if not cfg.get('optim_wrapper'):
            raise ConfigError(fault('--accumulate', 'optim_wrapper', 'in the config', None, 'Add it.'))
        cfg.optim_wrapper.accumulative_counts = accumulate
    return cfg


def is_sharded(wrapper: dict) -> bool:
    """Whether a ``model_wrapper_cfg`` divides the weights among the ranks."""
    kind = wrapper.get('type')
    return (kind if isinstance(kind, str) else getattr(kind, '__name__', '')).split('.')[-1] == SHARDED


def settle_sharding(cfg: Config, launcher: str) -> None:
    """Choose the Runner that divided weights need; one process divides nothing.

    Raises:
        ConfigError: If the config averages weights by an ``EMAHook``, whose copy
            of the model would have to be divided, too.
    """
    if not is_sharded(cfg.get('model_wrapper_cfg') or {}):
        return
    if launcher == 'none':
        tell('one process: the weights are not divided.')
        cfg.model_wrapper_cfg = None
        return
    if any(isinstance(hook, dict) and hook.get('type') == 'EMAHook' for hook in cfg.get('custom_hooks') or ()):
        raise ConfigError(fault('custom_hooks', 'EMAHook', 'left out when weights are divided among ranks', 'EMAHook',
                                'Average the last checkpoints with tools/model_soup.py, or train without '
                                f'{SHARDED} (--fsdp).'))
    cfg.runner_type = 'ShardedRunner'


def _add_hook(cfg: Config, kind: str) -> None:
    hooks = list(cfg.get('custom_hooks') or [])
    if not any(hook.get('type') == kind for hook in hooks if isinstance(hook, dict)):
        cfg.custom_hooks = [*hooks, dict(type=kind)]
