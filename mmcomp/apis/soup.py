"""Soups that look at data: greedy choice by validation, BatchNorm estimated anew."""
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.device import get_device

from mmcomp.apis.batch_norm import batch_norms, update_batch_norm
from mmcomp.apis.building import fill_model
from mmcomp.apis.lost_processes import explained_losses
from mmcomp.apis.model_scoring import ModelScorer, empty_model, loader_of
from mmcomp.checkpoints.barrier import Score
from mmcomp.checkpoints.greedy import ALPHAS, GreedySoup, Ledger, greedy_soup
from mmcomp.checkpoints.loading import renamed
from mmcomp.checkpoints.members import Member
from mmcomp.checkpoints.soup import mix, soup_meta, write_state
from mmcomp.compat import map_checkpoint_keys
from mmcomp.errors import shorten
from mmcomp.predictions.progress import track
from mmcomp.visualization.text_table import text_table
from mmcomp.visualization.training_log import is_small_good


def choose_greedily(cfg: Config, members: Sequence[Member], out: str | os.PathLike, *, metric: str | None = None,
                    alphas: Sequence[float] = ALPHAS, bn_cfg: Config | None = None, bn_batches: int | None = None,
                    device: str | None = None, tell: Callable[[str], None] = print) -> GreedySoup:
    """A greedy soup by the validation data of a config.

    Scores are kept in ``<out>.greedy.json``; a run that was killed goes on.

    Args:
        cfg: A whole config.
        members: The candidates.
        out: The soup's file, which is not written here.
        metric: See :class:`~mmcomp.apis.model_scoring.ModelScorer`.
        alphas: See :func:`~mmcomp.checkpoints.greedy.greedy_soup`.
        bn_cfg: Estimate BatchNorm anew for every mixture, by this config's training data.
        bn_batches: At most so many of their batches.
        device: By default the GPU, or the CPU.
        tell: Called with a line a score.
    """
    scorer = ModelScorer(cfg, metric, device or get_device())
    norms = batch_norms(scorer.model) and bn_cfg is not None
    facts = dict(scorer.facts, bn=[repr(bn_cfg.train_dataloader), bn_batches] if norms else [])
    ledger = Ledger(ledger_path(out), facts)
    if ledger.dropped:
        tell(f'{ledger.path}: scores of other data or another metric were thrown away')
    elif ledger.scores:
        tell(f'{ledger.path}: going on, {len(ledger.scores)} scores are known')

    def evaluate(shares: Sequence[float], what: str) -> Score:
        scorer.fill(mix(members, shares), what)
        if norms and sum(map(bool, shares)) > 1:
            _pass(bn_cfg, scorer.model, bn_batches)
        with explained_losses('val_dataloader', lambda: f'then call the same command again: {ledger.path} has the '
                              'scores that are known, and it goes on from there.'):
            score = scorer.score(lambda batches: track(batches, what))
        tell(f'{what}: {score}')
        return score

    remembered = ledger.remembering([member.digest for member in members], evaluate)
    first = remembered([1.] + [0.] * (len(members) - 1), f'member 1 of {len(members)} alone')
    soup = greedy_soup(len(members), remembered, not is_small_good(first.name), alphas)
    ledger.write(members=[member.name for member in members], shares=soup.shares)
    return soup


def ledger_path(out: str | os.PathLike) -> Path:
    """Where a greedy soup keeps its scores."""
    out = Path(out)
    return out.with_name(f'{out.name}.greedy.json')


def greedy_report(soup: GreedySoup, members: Sequence[Member]) -> str:
    """Tables of what became of each member, and of the lines to those that were refused."""
    rows = [(members[s.member].name, *_numbers(s.alone), *_numbers(s.joined), 'in' if s.accepted else 'out')
            for s in soup.steps]
    name = soup.score.name or 'metric'
    lines = [text_table(('member', f'{name} alone', 'loss', 'in the soup', 'loss', ''), rows)]
    for step in soup.steps:
        if step.line is not None:
            on_line = [(f'{a:.3g}', *_numbers(score)) for a, score in zip(step.line.alphas, step.line.scores)]
            lines += [f'\n{members[step.member].name} stays out: {step.line.verdict()}',
                      text_table(('share of it', name, 'loss'), on_line)]
    return '\n'.join(lines)


def barrier_curves(soup: GreedySoup, members: Sequence[Member]) -> dict[str, dict[str, list[tuple[float, float]]]]:
    """What :func:`mmcomp.visualization.barriers.draw_barriers` draws."""
    lines = {members[step.member].name: step.line for step in soup.steps if step.line is not None}
    panels = {soup.score.name or 'metric': {name: [(a, score.metric) for a, score in zip(line.alphas, line.scores)]
                                            for name, line in lines.items()}}
    if soup.score.loss is not None:
        panels['loss'] = {name: [(a, score.loss) for a, score in zip(line.alphas, line.scores)]
                          for name, line in lines.items()}
    return panels


def _numbers(score: Score) -> tuple[str, str | None]:
    return f'{score.metric:.4f}', None if score.loss is None else f'{score.loss:.4f}'


def write_soup_with_batch_norm(members: Sequence[Member], shares: Sequence[float], out: str | os.PathLike, cfg: Config,
                               **options: object) -> None:
    """Write a soup after :func:`with_new_batch_norm`, whose options these are."""
    state = mix(members, shares, lambda names: track(list(names), 'soup'))
    write_state(with_new_batch_norm(state, cfg, **options), soup_meta(members, shares), out)


def with_new_batch_norm(state: dict[str, torch.Tensor], cfg: Config, *, limit: int | None = None,
                        device: str | None = None, tell: Callable[[str], None] = print) -> dict[str, torch.Tensor]:
    """A state dict with running statistics estimated anew by a pass over a config's training data.

    Args:
        state: Weights that fit the config's model.
        cfg: A whole config.
        limit: At most so many batches.
        device: By default the GPU, or the CPU.
        tell: Called with what there is to say; a model without BatchNorm needs no pass.
    """
    model = empty_model(cfg, device or get_device())
    norms = batch_norms(model)
    if not norms:
        tell('no BatchNorm in the model, nothing to estimate anew')
        return state
    fill_model(model, renamed(state), cfg.filename or 'soup')
    missed = _pass(cfg, model, limit)
    if missed:
        tell(f'BatchNorm that the training data never reach keeps its mean: {shorten(missed)}')
    buffers = {f'{name}.{key}': value for name, norm in norms.items() for key, value in norm.named_buffers()}
    today = map_checkpoint_keys(state)
    return {name: buffers[today.get(name, name)].cpu().to(tensor.dtype) if today.get(name, name) in buffers else tensor
            for name, tensor in state.items()}


def _pass(cfg: Config, model: torch.nn.Module, limit: int | None) -> list[str]:
    """One pass over training data for BatchNorm alone, whole batches only where there is one."""
    loader = loader_of(cfg, 'train_dataloader', drop_last=False)
    size = loader.batch_size or 1
    whole = len(loader.dataset) // size if len(loader.dataset) >= size else len(loader)
    total = min(len(loader), whole, limit or len(loader))
    with explained_losses('train_dataloader', lambda: 'then call the same command again.'):
        batches = iter(loader)
        return update_batch_norm(model, (next(batches) for _ in track(range(total), 'BatchNorm')))
