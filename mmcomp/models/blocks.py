"""The repeated blocks of a backbone: what memory and compilation are divided by."""
import re
from collections.abc import Sequence

from torch import nn

from mmcomp.errors import ConfigError, did_you_mean, fault, shorten

# SwinBlockV2, TransformerEncoderLayer, BertLayer, ModernBertEncoderLayer, GPT2Block, ConvNeXtBlock, timm's Block …
_REPEATED = re.compile(r'(Block|Layer)(V\d+)?$')


def repeated_blocks(model: nn.Module, classes: Sequence[str] | None = None) -> dict[str, nn.Module]:
    """The outermost repeated blocks of a model, by name, in the order of the model.

    Args:
        model: Any model.
        classes: Names of the blocks' classes; by default every class whose name
            ends in ``Block`` or ``Layer``, a version after it allowed, and that is
            a member of a ``ModuleList`` or a ``Sequential``.

    Raises:
        ConfigError: If a class is named that the model does not have.
    """
    found: dict[str, nn.Module] = {}
    for name, module in model.named_modules():
        if not name or any(name.startswith(f'{outer}.') for outer in found):
            continue
        kind = type(module).__name__
        if kind in classes if classes else _is_repeated(model, name, kind) and _has_parameters(module):
            found[name] = module
    missing = set(classes or ()) - {type(module).__name__ for module in found.values()}
    if missing:
        have = sorted({type(module).__name__ for module in model.modules()})
        raise ConfigError(fault('model', 'blocks', f'classes of the model, such as {shorten(have)}', sorted(missing),
                                f'Correct the name.{did_you_mean(min(missing), have)}'))
    return found


def _is_repeated(model: nn.Module, name: str, kind: str) -> bool:
    holder = model.get_submodule(name.rpartition('.')[0])
    return isinstance(holder, nn.ModuleList | nn.Sequential) and _REPEATED.search(kind) is not None


def _has_parameters(module: nn.Module) -> bool:
    return next(module.parameters(), None) is not None
