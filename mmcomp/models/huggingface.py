"""Building models of Hugging Face transformers, for every wrapper of them."""
from pathlib import Path

import torch
from torch import nn

from mmcomp.errors import ConfigError, did_you_mean, fault


def build_huggingface(where: str, name_or_path: str | None, config: dict | None, allow_download: bool,
                      load_weights: bool = True, **options) -> nn.Module:
    """``AutoModel`` with loaded or random weights, in float32.

    Args:
        where: How errors call the caller.
        name_or_path: A local folder written by ``save_pretrained``, or, with
            ``allow_download``, a model name of the hub.
        config: Instead of it, arguments of the config class with its
            ``model_type``, for random weights.
        allow_download: Whether the hub may be asked.
        load_weights: If False, only the architecture is taken from
            ``name_or_path``: the weights come from a checkpoint.
        **options: Further arguments of ``from_config`` and ``from_pretrained``.

    Raises:
        ConfigError: If not exactly one of ``name_or_path`` and ``config`` is
            given, the folder does not exist, or the architecture is unknown.
    """
    from transformers import AutoConfig, AutoModel
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES
    if (name_or_path is None) == (config is None):
        raise ConfigError(fault(where, 'name_or_path', 'given if `config` is not, and only then', name_or_path,
                                'Give one of the two.'))
    if config is None:
        if not allow_download and not Path(name_or_path).is_dir():
            raise ConfigError(fault(where, 'name_or_path', 'an existing folder', name_or_path,
                                    'Correct the path, or set allow_download=True to ask the hub.'))
        if not load_weights:
            return AutoModel.from_config(AutoConfig.from_pretrained(name_or_path, local_files_only=not allow_download),
                                         **options)
        # Weights stored in half precision would train in half precision otherwise.
        return AutoModel.from_pretrained(name_or_path, local_files_only=not allow_download, dtype=torch.float32,
                                         **options)
    kind = config.get('model_type')
    if kind not in CONFIG_MAPPING_NAMES:
        raise ConfigError(fault(where, 'config.model_type', 'an architecture of transformers', kind,
                                f'Correct it.{did_you_mean(str(kind), CONFIG_MAPPING_NAMES)}'))
    return AutoModel.from_config(AutoConfig.for_model(**config), **options)
