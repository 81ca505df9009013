"""Parts of a model from the checkpoint of another one, with an account of every tensor."""
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from mmengine.logging import print_log
from mmengine.model import update_init_info
from torch import nn

from mmcomp.checkpoints.loading import load_checkpoint, renamed, state_dict_of
from mmcomp.errors import CheckpointError, ConfigError, did_you_mean, fault, shorten
from mmcomp.registry import WEIGHT_INITIALIZERS


@dataclass(frozen=True)
class TransferReport:
    """What became of every tensor.

    Attributes:
        loaded: Names in the model that were filled.
        skipped: Names in the checkpoint that were left there.
        missing: Names in the model that keep what they had.
    """
    loaded: tuple[str, ...]
    skipped: tuple[str, ...]
    missing: tuple[str, ...]

    def __str__(self):
        parts = [f'{len(self.loaded)} tensors loaded ({_heads(self.loaded)})']
        if self.skipped:
            parts.append(f'{len(self.skipped)} left in the file ({_heads(self.skipped)})')
        if self.missing:
            parts.append(f'{len(self.missing)} of the model as they were ({_heads(self.missing)})')
        return '; '.join(parts)


def _heads(names: Sequence[str]) -> str:
    """``encoders.text 199, fusion 60``."""
    counts: dict[str, int] = {}
    for name in names:
        parts = name.split('.')
        head = '.'.join(parts[:2] if parts[0] in ('encoders', 'extractors', 'tasks') else parts[:1])
        counts[head] = counts.get(head, 0) + 1
    return shorten([f'{head} {count}' for head, count in counts.items()], 8)


def transfer_weights(model: nn.Module, state: Mapping[str, torch.Tensor], subtrees: Sequence[str] | Mapping[str, str],
                     strict_subtrees: Sequence[str] | None = None, where: object = 'checkpoint') -> TransferReport:
    """Fill named subtrees of a model from the tensors of another one.

    Args:
        model: The model; nothing of it changes if the transfer is refused.
        state: Tensors by name.
        subtrees: Names of modules that both have, such as ``['encoders',
            'fusion']``, or names in the file to names in the model.
        strict_subtrees: Those, by their names in the model, that must have the same
            tensors in both; by default all. Of others, what fits is taken.
        where: What errors call the file.

    Raises:
        CheckpointError: If a subtree is missing on either side, a strict one
            differs in its names, or any tensor in its shape.
    """
    pairs = {name: name for name in subtrees} if not isinstance(subtrees, Mapping) else dict(subtrees)
    strict = set(pairs.values() if strict_subtrees is None else strict_subtrees)
    own, taken, used = model.state_dict(), {}, set()
    if unknown := strict - set(pairs.values()):
        raise ConfigError(fault('transfer', 'strict_subtrees', f'of the subtrees {sorted(pairs.values())}',
                                sorted(unknown), 'Correct it.'))
    for source, target in pairs.items():
        inside = _subtree(state, source, where)
        wanted = _subtree(own, target, 'model')
        if target in strict and inside.keys() != wanted.keys():
            raise CheckpointError(
                f'{where}: `{source}` does not fit `{target}` of the model; missing in the file: '
                f'{shorten(sorted(wanted.keys() - inside.keys())) or "none"}; not in the model: '
                f'{shorten(sorted(inside.keys() - wanted.keys())) or "none"}. Use the settings of the pre-training.')
        both = inside.keys() & wanted.keys()
        _refuse_shapes({name: (inside[name], wanted[name]) for name in sorted(both)}, source, where)
        taken |= {_joined(target, name): inside[name] for name in both}
        used |= {_joined(source, name) for name in both}
    model.load_state_dict(taken, strict=False)
    return TransferReport(loaded=tuple(name for name in own if name in taken),
                          skipped=tuple(name for name in state if name not in used),
                          missing=tuple(name for name in own if name not in taken))


def _subtree(state: Mapping[str, torch.Tensor], prefix: str, where: object) -> dict[str, torch.Tensor]:
    prefix = f'{prefix.rstrip(".")}.'
    found = {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
    if not found:
        known = dict.fromkeys('.'.join(name.split('.')[:depth]) for name in state for depth in (1, 2))
        raise CheckpointError(f'{where}: no `{prefix[:-1]}` in it; it holds '
                              f'{shorten(dict.fromkeys(name.split(".")[0] for name in state), 8)}.'
                              f'{did_you_mean(prefix[:-1], known)} Correct `subtrees`.')
    return found


def _joined(prefix: str, name: str) -> str:
    return f'{prefix.rstrip(".")}.{name}'


def _refuse_shapes(pairs: Mapping[str, tuple[torch.Tensor, torch.Tensor]], source: str, where: object) -> None:
    wrong = [f'{_joined(source, name)} has shape {tuple(given.shape)}, the model wants {tuple(wanted.shape)}'
             for name, (given, wanted) in pairs.items() if given.shape != wanted.shape]
    if wrong:
        raise CheckpointError(f'{where}: does not fit the config: {shorten(wrong)}. Use the settings of the '
                              'pre-training.')


@WEIGHT_INITIALIZERS.register_module()
class TransferredWeights:
    """``init_cfg`` of a model that starts from parts of another one, such as a classifier from a pre-training.

    Unlike ``Pretrained`` it refuses to start from weights that do not fit, and
    says what it did with every tensor. ``--load-from``, and ``start`` of a
    recipe's training, name the file in the place of ``checkpoint``.

    Args:
        checkpoint: The file.
        subtrees, strict_subtrees: As of :func:`transfer_weights`.
    """

    def __init__(self, checkpoint: str | os.PathLike | None = None,
                 subtrees: Sequence[str] | Mapping[str, str] = ('encoders', 'fusion'),
                 strict_subtrees: Sequence[str] | None = None):
        self.checkpoint, self.subtrees, self.strict_subtrees = checkpoint, subtrees, strict_subtrees

    def __call__(self, module: nn.Module) -> None:
        if not self.checkpoint:
            raise ConfigError(fault('TransferredWeights', 'checkpoint', 'given', self.checkpoint,
                                    'Name the file of the pre-training, here or by --load-from.'))
        state = renamed(state_dict_of(load_checkpoint(self.checkpoint), self.checkpoint))
        report = transfer_weights(module, state, self.subtrees, self.strict_subtrees, self.checkpoint)
        print_log(f'{self.checkpoint}: {report}.', logger='current')
        for name in self.subtrees.values() if isinstance(self.subtrees, Mapping) else self.subtrees:
            for part in module.get_submodule(name.rstrip('.')).modules():
                part.is_init = True  # mmengine initializes no such module again
        if hasattr(module, '_params_init_info'):
            update_init_info(module, init_info=f'TransferredWeights: {self.checkpoint}')
