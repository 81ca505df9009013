"""Weighted means of prediction tables: all members side by side, a block of rows at a time."""
import os
import pickle
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import numpy as np

from mmcomp.errors import TableError, fault, shorten
from mmcomp.files import atomic_open
from mmcomp.predictions.ensembles.combining import METHODS, finished, ranks, tempered, transformed
from mmcomp.predictions.ensembles.member_rows import MemberRows, not_finite
from mmcomp.predictions.ensembles.member_weights import (
    Member,
    check_temperatures,
    check_weights,
    member_name,
    read_class_weights,
)
from mmcomp.predictions.formats.headers import open_table
from mmcomp.predictions.formats.table_stream import TableStream, placeholder, row_slices
from mmcomp.predictions.joining import match_classes, match_rows, union_of_ids
from mmcomp.predictions.labels.label_files import names_of
from mmcomp.predictions.progress import silent
from mmcomp.structures import PredictionTable

CACHE_BYTES = 1 << 19  # a member's block and the sum stay in the cache
RANK_BYTES = 64 << 20
THREADS = 4


def ensemble(members: Sequence[Member], weights: Sequence[float] | None = None, track: Callable = silent,
             **how) -> PredictionTable:
    """The table of :func:`ensemble_stream`, in memory: one float32 table, and of large files only the rows at work."""
    return ensemble_stream(members, weights, track, **how).gather()


def ensemble_stream(members: Sequence[Member], weights: Sequence[float] | None = None, track: Callable = silent, *,
                    method: str = 'mean', power: float = 1., temperatures: Sequence[float] | None = None,
                    class_weights: np.ndarray | str | os.PathLike | None = None, partial: bool = False) -> TableStream:
    """The weighted mean of prediction tables.

    Members are joined by sample id and class name, in the order of the first.
    Every number is the same on any machine and with any number of threads:
    products are added in float32, in the order of the members.

    Args:
        members: M tables or files.
        weights: ``(M,)``; None for the mean. ``mean`` uses them as they are,
            the other methods divide by their sum.
        track: Wraps the loop over blocks, to show progress.
        method: ``mean``, a weighted sum; ``geometric``, of logarithms, and
            ``power``, of ``power``-th powers, both with logits as their
            softmax and rows brought back to the sum one; ``logit``, of the
            log odds of single tasks; ``rank``, of the places among all samples
            of a class, in (0, 1).
        power: Of ``power``, not zero; 1 is the mean, below it nears the
            geometric mean.
        temperatures: ``(M,)`` divisors of logits, or of the logarithms of
            probabilities.
        class_weights: ``(M, C)`` factors on ``weights``, in the class order of
            the first member, or ``(C,)`` factors of the result; or a CSV file,
            see :func:`mmcomp.predictions.ensembles.member_weights.read_class_weights`.
        partial: Samples that some members lack are the mean of the others;
            otherwise they are an error.

    Returns:
        A stream of kind ``probability`` if rows sum to one, ``logit`` for the
        mean of logits, else ``value``.

    Raises:
        TableError: If members differ in samples, classes or kind, hold NaN, or
            are called probabilities and their rows do not sum to one.
    """
    if not members:
        raise TableError('ensemble: there are no members. Pass tables with `--pkls` or `--pkls-dir`.')
    if method not in METHODS or not (np.isfinite(power) and power):
        raise TableError(fault('ensemble', 'method, power', f'one of {METHODS} and not zero', (method, power),
                               'The limit of power zero is `geometric`.'))
    equal = np.full(len(members), 1 / len(members))
    weights = equal if weights is None else check_weights(weights, members)
    tables = [m if isinstance(m, PredictionTable) else open_table(m) for m in members]
    temperatures = check_temperatures(temperatures, tables, method)
    _check_kinds(tables, method)
    work = _Work(tables, weights, temperatures, method, power, partial)
    if class_weights is not None:
        work.weigh_classes(class_weights, members)
    origin = {'members': [member_name(m) for m in members], 'weights': [float(w) for w in weights]}
    more = dict(method=method, power=power if method == 'power' else 1.,
                temperatures=temperatures if set(temperatures) != {1.} else [])
    origin |= {k: v for k, v in more.items() if v not in ('mean', 1., [])}
    head = PredictionTable(work.ids, placeholder(len(work.ids), work.columns, np.float32), work.kind(), work.classes,
                           origin)
    return TableStream(head, lambda: work.blocks(track))


def write_score_list(table: PredictionTable, path: str) -> None:
    """Pickle ``[(id, class name, scores), …]``, the published ensemble's list form."""
    _dump(list(zip(table.ids.tolist(), names_of(table, table.labels()).tolist(), table.scores, strict=True)), path)


def write_score_dict(table: PredictionTable, path: str) -> None:
    """Pickle ``{id: scores}``, the published ensemble's dict form."""
    _dump(dict(zip(table.ids.tolist(), table.scores, strict=True)), path)


def _dump(rows: list | dict, path: str) -> None:
    with atomic_open(path, 'wb') as file:
        pickle.dump(rows, file, protocol=4)


def _check_kinds(tables: Sequence[PredictionTable], method: str) -> None:
    """Refuse members that cannot be combined with the first."""
    first = tables[0]
    if method == 'logit' and (wrong := [t.name for t in tables if t.kind == 'logit']):
        raise TableError(fault(wrong[0], 'kind', 'probability or value for --method logit', 'logit',
                               'The mean of logits is `--method mean`.'))
    mixes = [{'probability', 'logit'}, {'value'}]
    if method in ('mean', 'logit'):
        mixes = [{'probability', 'value'}, {'logit'}]
    for table in tables:
        if table.kind == 'embedding':
            raise TableError(fault(table.name, 'kind', 'probability, logit or value', table.kind,
                                   'Embeddings of two models share no axes; sum what is computed from them.'))
        if method != 'rank' and not any({first.kind, table.kind} <= mix for mix in mixes):
            raise TableError(fault(table.name, 'kind', f'`{first.kind}` like that of {first.name}', table.kind,
                                   'Predict both as probabilities, or convert one with `mmcomp table convert`.'))


class _Work:
    """What an ensemble is made of, and the blocks it comes to."""

    def __init__(self, tables, weights, temperatures, method, power, partial):
        first = tables[0]
        self.tables, self.weights, self.method, self.power = tables, weights, method, power
        self.temperatures, self.partial = temperatures, partial
        self.columns = first.scores.shape[1]
        # Of members without class names any other's are as good.
        named = next((t for t in tables if t.classes), first)
        self.classes = first.classes or named.classes
        where = [match_classes(self.classes, self.columns, t, first.name) for t in tables]
        if partial:
            self.ids, rows = union_of_ids([t.ids for t in tables], [t.name for t in tables])
        else:
            self.ids, rows = first.ids, [_rows(first, t) for t in tables]
        self.members = list(map(MemberRows, tables, rows, where))
        self.factors, self.shares = None, weights[:, None]

    def weigh_classes(self, class_weights, members: Sequence[Member]) -> None:
        """Take factors ``(C,)`` of the result, ``(M, C)`` of the members' weights, or a file of them."""
        if not isinstance(class_weights, np.ndarray):
            names = self.classes or tuple(map(str, range(self.columns)))
            class_weights = read_class_weights(class_weights, names, members)
        if class_weights.shape not in ((self.columns, ), (len(self.tables), self.columns)):
            raise TableError(fault('ensemble', 'class_weights', f'of shape ({self.columns},) or '
                                   f'({len(self.tables)}, {self.columns})', class_weights.shape, 'Correct it.'))
        if class_weights.ndim == 1:
            self.factors = class_weights
        else:
            self.shares = self.weights[:, None] * class_weights

    def kind(self) -> str:
        """What the result is."""
        kinds = {t.kind for t in self.tables}
        if self.method in ('rank', 'logit') or self.factors is not None:
            return 'value'
        if self.method == 'mean':
            if kinds == {'logit'}:
                return 'logit'
            whole = self.shares.shape[1] == 1 and abs(self.weights.sum() - 1) < 1e-6
            return 'probability' if kinds == {'probability'} and whole else 'value'
        return 'value' if kinds == {'value'} else 'probability'

    def blocks(self, track: Callable) -> Iterator[np.ndarray]:
        """Blocks of the result, in order, a few of them worked on side by side."""
        if self.method == 'rank':
            yield from self._rank_blocks(track)
            return
        slices = row_slices(len(self.ids), self.columns)
        threads = min(THREADS, len(os.sched_getaffinity(0)))
        with ExitStack() as stack:
            for member in self.members:
                stack.enter_context(member.opened())
            pool = stack.enter_context(ThreadPoolExecutor(threads))
            stack.callback(pool.shutdown, cancel_futures=True)
            running = deque()
            for chunk in track(slices, 'adding members'):
                for member in self.members:
                    member.prefetch(chunk)
                running.append(pool.submit(self._chunk, chunk))
                if len(running) > threads:
                    yield running.popleft().result()
            while running:
                yield running.popleft().result()

    def _chunk(self, chunk: slice) -> np.ndarray:
        """A block of the result, made of smaller ones that fit into the cache."""
        result = np.zeros((chunk.stop - chunk.start, self.columns), dtype=np.float32)
        with np.errstate(invalid='ignore', over='ignore', divide='ignore', under='ignore'):
            for inner in row_slices(len(result), self.columns, CACHE_BYTES):
                self._add(slice(chunk.start + inner.start, chunk.start + inner.stop), result[inner])
        return result

    def _add(self, block: slice, total: np.ndarray) -> None:
        """Sum all members' rows of a block into ``total``."""
        buffer, seen = np.empty_like(total), None
        for at, member in enumerate(self.members):
            part, kind = member.read(block, buffer), member.table.kind
            part = transformed(tempered(part, kind, self.temperatures[at]), kind, self.method, self.power)
            seen = self._sum(total, part, at, member.present(block), seen)
        if self.method != 'mean':
            finished(total, self.shares.sum(axis=0) if seen is None else seen, self.method, self.power,
                     self.kind() == 'probability' or self.factors is not None and self._sums_to_one())
        elif seen is not None:
            total *= self.shares.sum(axis=0) / seen
        if self.factors is not None:
            np.multiply(total, self.factors, out=total, casting='same_kind')
        if not np.isfinite(np.einsum('ij->i', total)).all():
            raise self._fault()

    def _sum(self, total, part, at: int, present, seen):
        """Add a member's rows; where some lack, ``seen`` gets the weights of those that are there."""
        share = self.shares[at]
        # A number that Python knows is multiplied in float32, as it always was.
        np.multiply(part, float(share[0]) if len(share) == 1 else share.astype(np.float32), out=part)
        if not self.partial:
            total += part
            return None
        seen = np.zeros((len(total), len(share))) if seen is None else seen
        if present is not None:
            part[~present] = 0
        total += part
        seen += share if present is None else np.where(present[:, None], share, 0.)
        return seen

    def _sums_to_one(self) -> bool:
        return {t.kind for t in self.tables} <= {'probability', 'logit'}

    def _fault(self) -> TableError:
        """Why a sum is not finite."""
        for table in self.tables:
            error = not_finite(table)
            if 'range of float32' not in str(error):
                return error
        if self.method == 'logit':
            return TableError('ensemble: --method logit needs scores in [0, 1] from all members. Use another method.')
        if self.method in ('geometric', 'power') and any(t.kind == 'value' and t.scores.min() < 0 for t in self.tables):
            return TableError(f'ensemble: --method {self.method} needs scores that are not negative from all members. '
                              'Use another method.')
        if self.partial:
            return TableError('ensemble: a sample is only in members of weight zero. Give them a weight.')
        return TableError('ensemble: the weighted scores leave the range of float32. Use smaller weights.')

    def _rank_blocks(self, track: Callable) -> Iterator[np.ndarray]:
        """Ranks need all samples of a class at once: the result is made column by column, in memory."""
        result = np.zeros((len(self.ids), self.columns), dtype=np.float32)
        step = max(1, RANK_BYTES // max(1, 16 * len(self.ids)))
        starts = range(0, self.columns, step)
        for start in track(starts, 'ranking classes'):
            result[:, start:start + step] = self._rank_columns(np.arange(start, min(start + step, self.columns)))
        yield from (result[s] for s in row_slices(*result.shape))

    def _rank_columns(self, columns: np.ndarray) -> np.ndarray:
        total, seen = np.zeros((len(self.ids), len(columns))), np.zeros((len(self.ids), 1))
        for at, member in enumerate(self.members):
            own = columns if member.columns is None else member.columns[columns]
            contiguous = own[-1] - own[0] == len(own) - 1 and (np.diff(own) == 1).all()
            part = member.table.scores[:, own[0]:own[-1] + 1] if contiguous else member.table.scores[:, own]
            part = np.ascontiguousarray(part.T, dtype=np.float32)
            if not np.isfinite(part).all():
                raise not_finite(member.table)
            share = self.shares[at] if self.shares.shape[1] == 1 else self.shares[at][columns]
            ranked, rows = ranks(part).T * share, member.rows
            if rows is None:
                total += ranked
                seen = seen + share
            else:
                total += np.where(rows[:, None] >= 0, ranked[np.maximum(rows, 0)], 0)
                seen = seen + np.where(rows[:, None] >= 0, share, 0)
        if not (seen > 0).all():
            raise self._fault()
        total /= seen
        return total if self.factors is None else total * self.factors[columns]


def _rows(first: PredictionTable, table: PredictionTable) -> np.ndarray | None:
    """Where the samples of ``first`` are in ``table``; None where they are in the same order."""
    if np.array_equal(first.ids, table.ids):
        return None
    if len(table) > len(first):
        known = set(first.ids.tolist())
        extra = [i for i in table.ids.tolist() if i not in known]
        raise TableError(f'{table.name}: it has {len(table)} samples, {first.name} has {len(first)}; '
                         f'only here: {shorten(extra)}. Ensemble tables of the same samples, or use `--partial mean`.')
    return match_rows(first.ids, table.ids, table.name, 'Predict the missing samples, or use `--partial mean`.')
