"""Training on weights that are moved against the model."""
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import torch
from mmengine.dist import all_reduce, get_world_size
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.optim import OptimWrapper
from torch import Tensor, nn

from mmcomp.engine.perturbation import awp_step, fgm_step, l2_norm, pgd_step
from mmcomp.errors import ConfigError, did_you_mean, fault
from mmcomp.registry import HOOKS
from mmcomp.sharding import is_divided

METHODS = dict(FGM=fgm_step, PGD=pgd_step, AWP=awp_step)
# eps, alpha, steps as published; FGM takes one step of eps.
USUAL = dict(FGM=(1., None, 1), PGD=(1., .3, 3), AWP=(.01, 1., 1))


@HOOKS.register_module()
class AdversarialTrainingHook(Hook):
    """After each backward pass, moves some weights against the model, passes the batch again, and moves them back.

    The gradient of a step is that of the clean loss plus that of the loss at
    the last perturbation; both count fully. The weights come back bit for
    bit. Between them lie ``steps - 1`` passes that only show the way, so a step costs
    ``1 + steps`` plain ones. Dropout, and whatever else the model draws, is
    drawn anew each time; BatchNorm sees each pass.

    It stands between the optimizer wrapper's ``backward`` and its step, and
    calls the model again with the arguments of the first call. So it works
    with any optimizer wrapper (in mixed precision, too: only the direction of
    a gradient counts), with any model and wrapper of one, and with blocks that
    are compiled. Ranks share one perturbation, from the mean of their
    gradients. Gradients that are being accumulated are set aside meanwhile.
    When to do it follows from the iteration, so a resumed training goes on as
    it would have.

    Args:
        method: ``FGM``, ``PGD`` or ``AWP``; see :mod:`mmcomp.engine.perturbation`.
        key: Regular expression; the trainable parameters in whose names it is
            found are moved.
        eps: How far at most. By default 1 (of AWP .01, a part of each weight).
        alpha: Length of a step: of PGD .3, of AWP 1, a part of the weights' length.
        steps: Number of steps: of PGD 3, else 1.
        start_epoch: Epochs that are trained without, at first.
        every: ``2`` does it for every second step of the optimizer, and so on.

    Raises:
        ConfigError: If no trainable parameter fits, or there is another such hook.
    """

    def __init__(self, method: str = 'FGM', key: str = 'word_embeddings', eps: float | None = None,
                 alpha: float | None = None, steps: int | None = None, start_epoch: int = 0, every: int = 1):
        if method not in METHODS:
            raise ConfigError(fault('AdversarialTrainingHook', 'method', f'one of {", ".join(METHODS)}', method,
                                    f'Correct it.{did_you_mean(method, METHODS)}'))
        if method == 'FGM' and (alpha, steps) != (None, None):
            raise ConfigError(fault('AdversarialTrainingHook', 'alpha, steps', 'left out for FGM', (alpha, steps),
                                    'FGM takes one step of eps; PGD takes several.'))
        given = zip((eps, alpha, steps), USUAL[method])
        self.eps, self.alpha, self.steps = (usual if value is None else value for value, usual in given)
        self.method, self.key, self.start_epoch, self.every = method, key, start_epoch, every
        for name, least in dict(eps=None, alpha=None, steps=1, every=1, start_epoch=0).items():
            value = getattr(self, name)
            if value is not None and (value <= 0 if least is None else value < least):
                law = 'above 0' if least is None else f'at least {least}'
                raise ConfigError(fault('AdversarialTrainingHook', name, law, value, 'Correct it.'))
        self.wrapper: OptimWrapper | None = None

    # ------------------------------------------------------------ where it stands

    def before_train(self, runner) -> None:
        """Find the weights, and stand between the optimizer wrapper's ``backward`` and its step."""
        others = [hook for hook in runner.hooks if isinstance(hook, AdversarialTrainingHook)]
        if len(others) > 1:
            raise ConfigError(fault('custom_hooks', 'AdversarialTrainingHook', 'there once', len(others),
                                    'Keep one method; to move more weights, widen its key.'))
        if not isinstance(runner.optim_wrapper, OptimWrapper):
            raise ConfigError(fault('AdversarialTrainingHook', 'optim_wrapper', 'one for the whole model',
                                    type(runner.optim_wrapper).__name__, 'Take the hook out.'))
        self.model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        # Kept, for a model whose weights are divided shows others between forward and backward pass.
        self.parameters, self.attacked = list(self.model.parameters()), matching_parameters(self.model, self.key)
        self.first = self.start_epoch * len(runner.train_dataloader) if self.start_epoch else 0
        wrapper = self.wrapper = runner.optim_wrapper
        self._context, self._backward, self.call = wrapper.optim_context, wrapper.backward, None
        wrapper.optim_context, wrapper.backward = self.optim_context, self.backward
        runner.logger.info(f'{self.method}: {len(self.attacked)} weights are moved, of '
                           f'{sum(p.numel() for p in self.attacked):,} numbers; {self.steps} more passes a step.')

    def after_train(self, runner) -> None:
        """Leave the optimizer wrapper as it was."""
        del self.wrapper.optim_context, self.wrapper.backward

    def is_due(self) -> bool:
        """Whether the batch now at work belongs to a step of the optimizer that is to be adversarial."""
        count = self.wrapper._accumulative_counts
        step = self.wrapper.inner_count // count
        return step * count >= self.first and step % self.every == 0

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """The wrapper's context of the first pass, which notes how the model is called."""
        if not self.is_due():
            with self._context(model):
                yield
            return
        calls = []
        # Ranks do not talk before the last pass of a step.
        with self._pass(model, sync=False):
            noting = model.register_forward_pre_hook(lambda _, args, kwargs: calls.append((args, kwargs)),
                                                     prepend=True, with_kwargs=True)
            try:
                yield
            finally:
                noting.remove()
        if len(calls) != 1:
            raise ConfigError(fault(type(model).__name__, 'train_step', 'of one call of the model in optim_context',
                                    len(calls), 'Take AdversarialTrainingHook out.'))
        self.call = model, *calls[0]

    @contextmanager
    def _pass(self, model: nn.Module, sync: bool) -> Iterator[None]:
        self.wrapper.should_sync = lambda: sync
        try:
            with self._context(model):
                yield
        finally:
            del self.wrapper.should_sync

    # ------------------------------------------------------------ what it does

    def backward(self, loss: Tensor, **kwargs) -> None:
        """The wrapper's backward pass; if due, with what the other passes add."""
        if not self.is_due():
            self._backward(loss, **kwargs)
            return
        model, args, call_kwargs = self.call
        self.call = None
        gathered, sync = self._taken(), self.wrapper.should_sync()
        self._backward(loss, **kwargs)
        after = self.wrapper._inner_count
        kept = self._taken()
        direction = self._direction(kept)
        origins = [_local(p).detach().clone() for p in self.attacked]
        for step in range(self.steps):
            self._move(direction, origins, self._reach(step))
            is_last = step == self.steps - 1
            if is_last:
                _give(gathered, kept)
            self.wrapper._inner_count = after - 1  # as of the first pass: it decides the share of a batch
            with self._pass(model, sync and is_last):
                losses = model(*args, **call_kwargs)
            again, _ = self.model.parse_losses(losses)
            self._backward(self.wrapper.scale_loss(again), **kwargs)
            if not is_last:
                direction = self._direction(self._taken())
        with torch.no_grad():
            for parameter, origin in zip(self.attacked, origins, strict=True):
                _local(parameter).copy_(origin)

    def _taken(self) -> dict[nn.Parameter, Tensor]:
        """The gradients that are there, taken away from the parameters."""
        found = {p: p.grad for p in self.parameters if p.grad is not None}
        for parameter in found:
            parameter.grad = None
        return found

    def _direction(self, gradients: dict[nn.Parameter, Tensor]) -> list[Tensor | None]:
        """Gradients of the moved weights, the same on all ranks; those of divided weights are already."""
        found = [gradients.get(p) for p in self.attacked]
        shared = []
        for parameter, gradient in zip(self.attacked, found, strict=True):
            if is_divided(parameter) or get_world_size() == 1:
                shared.append(None if gradient is None else _local(gradient))
                continue
            mean = torch.zeros_like(parameter) if gradient is None else gradient.clone()
            all_reduce(mean, 'mean')
            shared.append(mean)
        return shared

    def _reach(self, step: int) -> float:
        """``eps``; infinite where so many steps of PGD can't go further, which saves looking."""
        return float('inf') if self.method == 'PGD' and (step + 1) * self.alpha <= self.eps else self.eps

    @torch.no_grad()
    def _move(self, direction: Sequence[Tensor | None], origins: Sequence[Tensor], eps: float) -> None:
        take_step = partial(METHODS[self.method], eps=eps, alpha=self.alpha)
        for parameter, gradient, origin in zip(self.attacked, direction, origins, strict=True):
            if gradient is not None or is_divided(parameter):
                gradient = torch.zeros_like(origin) if gradient is None else gradient
                norm = _norm_over_ranks if is_divided(parameter) else l2_norm
                weight = _local(parameter)
                weight.copy_(take_step(weight, origin, gradient, norm=norm))


def matching_parameters(model: nn.Module, key: str) -> list[nn.Parameter]:
    """Trainable parameters in whose names a regular expression is found, each once.

    Raises:
        ConfigError: If there is none.
    """
    named = {name.replace('_orig_mod.', ''): p for name, p in model.named_parameters(remove_duplicate=False)}
    found = {name: p for name, p in named.items() if re.search(key, name)}
    trained = {id(p): p for p in found.values() if p.requires_grad}
    if not trained:
        raise ConfigError(fault('AdversarialTrainingHook', 'key', 'found in the name of a trainable parameter', key,
                                'All that have it are frozen.' if found else f'Correct it.{did_you_mean(key, named)}'))
    return list(trained.values())


def _give(*groups: dict[nn.Parameter, Tensor]) -> None:
    """Put gradients in place, added up."""
    for gradients in groups:
        for parameter, gradient in gradients.items():
            parameter.grad = gradient if parameter.grad is None else parameter.grad.add_(gradient)


def _local(tensor: Tensor) -> Tensor:
    """A rank's own part of a tensor."""
    return tensor.to_local() if is_divided(tensor) else tensor


def _norm_over_ranks(part: Tensor) -> Tensor:
    square = l2_norm(part).square()
    all_reduce(square)
    return square.sqrt()
