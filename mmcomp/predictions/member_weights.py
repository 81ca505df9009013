"""Weights of ensemble members from their accuracies."""
import os
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mmcomp.annotations import read_list
from mmcomp.errors import TableError, fault, shorten
from mmcomp.predictions.cleaning import gather_out_of_fold
from mmcomp.predictions.headers import read_header
from mmcomp.predictions.tables import read_table
from mmcomp.structures import PredictionTable

Member = PredictionTable | str | os.PathLike
RECORDED = ('leaderboard_score', 'val_score')  # the first that a table has counts
SCALES = {'fractions (0.751)': (0, 1), 'percents (75.1)': (1, 100), 'ten thousandths (7510)': (100, 10000)}
# Four digits, a fraction or a percentage at the end; not the 384 of `swin-l-384.pkl`.
IN_FILE_NAME = re.compile(r'-(\d{4}|0\.\d+|\d{1,2}\.\d+)$')


def accuracy_weights(accuracies: Sequence[float], power: float = 1.) -> np.ndarray:
    """``(a_i / min a)^power / M``, the published weighting; ``(M,)`` float64.

    They sum to one only for equal accuracies or ``power=0``.
    """
    accuracies = np.asarray(accuracies, dtype=np.float64)
    return (accuracies / accuracies.min()) ** power / len(accuracies)


def member_name(member: Member) -> str:
    """How messages call a member."""
    return member.name if isinstance(member, PredictionTable) else str(member)


def member_accuracies(members: Sequence[Member], given: Sequence[float] | None = None) -> tuple[np.ndarray, str]:
    """The accuracy of every member and where they come from.

    The first that there is counts: ``given``; the score recorded in the table
    (a leaderboard's before a validation set's); the end of the file name, as
    in ``swin-l-7510.pkl``. Numbers of different sources or scales must not be
    mixed, since a power of their ratio would decide the ensemble.

    Returns:
        ``(M,)`` float64 and the name of the source.

    Raises:
        TableError: If one is missing, or they differ in source or scale.
    """
    names = [member_name(m) for m in members]
    if given is not None:
        found = [(float(a), 'command line') for a in _one_each('--accuracies', given, names)]
    else:
        found = [_accuracy_of(member, name) for member, name in zip(members, names, strict=True)]
    sources = {source: name for (_, source), name in zip(reversed(found), reversed(names), strict=True)}
    if len(sources) > 1:
        where = '; '.join(f'{source} for {name}' for source, name in sources.items())
        raise TableError(f'ensemble: the accuracies of all members must have one source; got {where}. '
                         'Record the missing scores with `record_score`, or pass `--accuracies` for all.')
    accuracies = np.array([a for a, _ in found])
    _check_scale(accuracies, names)
    return accuracies, found[0][1]


def second_share(first: str | os.PathLike, second: str | os.PathLike, ann: str | os.PathLike) -> float:
    """The weight of a second table beside a first, 0 to 0.5, by likelihood on known labels.

    Likelihood, for it tells weights apart that a few hundred right or wrong
    answers can't; a member that only adds noise gets nothing.

    Args:
        first: Predictions of labelled samples by the better model.
        second: Of the same samples by the other.
        ann: Their labels.
    """
    paths, labels = read_list(ann)
    (rows, mine), (_, theirs) = (gather_out_of_fold([read_table(table)], paths) for table in (first, second))
    mine, theirs = (scores[np.arange(len(rows)), labels[rows]] for scores in (mine, theirs))
    shares = np.linspace(0, .5, 11)
    likelihood = [np.log((1 - share) * mine + share * theirs + 1e-9).mean() for share in shares]
    return float(shares[int(np.argmax(likelihood))])


def check_weights(weights: Sequence[float], members: Sequence[Member]) -> np.ndarray:
    """Final weights as ``(M,)`` float64.

    Raises:
        TableError: If their number differs from that of the members, or one is
            negative or not finite, or all are zero.
    """
    weights = np.asarray(_one_each('--weights', weights, [member_name(m) for m in members]), dtype=np.float64)
    if not (np.isfinite(weights).all() and (weights >= 0).all() and weights.sum() > 0):
        raise TableError(fault('ensemble', '--weights', 'finite, not negative, and not all zero', weights.tolist(),
                               'Leave a member out with `--nopkls`.'))
    return weights


def _one_each(option: str, values: Sequence[float], names: Sequence[str]) -> Sequence[float]:
    if len(values) != len(names):
        raise TableError(fault('ensemble', option, f'{len(names)} numbers, one a member', len(values),
                               f'The members in order: {shorten(names, 20)}.'))
    return values


def _accuracy_of(member: Member, name: str) -> tuple[float, str]:
    origin = member.origin if isinstance(member, PredictionTable) else read_header(member)['origin']
    for key in RECORDED:
        if origin.get(key) is not None:
            return float(origin[key]), f'recorded {key}'
    in_name = IN_FILE_NAME.search(re.sub(r'\.pkl$', '', Path(name).name))
    if in_name:
        return float(in_name.group(1)), 'file name'
    raise TableError(f'{name}: it has no recorded score, and its name does not end like `…-7510.pkl`. Record one with '
                     f'`record_score {name} SCORE`, or pass `--accuracies` for all members.')


def _check_scale(accuracies: np.ndarray, names: Sequence[str]) -> None:
    scale_of = {}
    for name, accuracy in zip(names, accuracies, strict=True):
        scale = next((s for s, (low, high) in SCALES.items() if low < accuracy <= high), None)
        if scale is None:
            raise TableError(fault(name, 'accuracy', f'one of {shorten(SCALES)}', float(accuracy), 'Correct it.'))
        scale_of.setdefault(scale, f'{accuracy:g} for {name}')
    if len(scale_of) > 1:
        raise TableError(f'ensemble: the accuracies of all members must have one scale; got '
                         f'{" and ".join(scale_of.values())}. Write all as {shorten(list(scale_of)[:1])}.')
