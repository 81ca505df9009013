"""Weights of ensemble members: from their accuracies, from files, and their temperatures."""
import csv
import json
import os
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mmcomp.annotations import read_list
from mmcomp.errors import TableError, did_you_mean, fault, shorten
from mmcomp.predictions.formats.headers import read_header
from mmcomp.predictions.labels.cleaning import gather_out_of_fold
from mmcomp.predictions.tables import read_table
from mmcomp.structures import PredictionTable

Member = PredictionTable | str | os.PathLike
RECORDED = ('leaderboard_score', 'val_score')  # the first that a table has counts
SCALES = {'fractions (0.751)': (0, 1), 'percents (75.1)': (1, 100), 'ten thousandths (7510)': (100, 10000)}
EXP2 = 'exp2'  # of the checkpoints of one training, the oldest first
# Four digits, a fraction or a percentage at the end; not the 384 of `swin-l-384.pkl`.
IN_FILE_NAME = re.compile(r'-(\d{4}|0\.\d+|\d{1,2}\.\d+)$')


def accuracy_weights(accuracies: Sequence[float], power: float = 1.) -> np.ndarray:
    """``(a_i / min a)^power / M``, the published weighting; ``(M,)`` float64.

    They sum to one only for equal accuracies or ``power=0``.
    """
    accuracies = np.asarray(accuracies, dtype=np.float64)
    return (accuracies / accuracies.min()) ** power / len(accuracies)


def exp2_weights(count: int) -> np.ndarray:
    """``2^e`` of checkpoints e = 0, 1, …, over their sum ``(M,)``: the last of six has 32/63."""
    weights = 2. ** np.arange(count)
    return weights / weights.sum()


def shares(weights: Sequence[float] | str | None, count: int) -> np.ndarray | None:
    """Weights over their sum ``(M,)``: numbers, ``exp2``, or None as it is.

    Raises:
        TableError: If it is another word.
    """
    if weights is None:
        return None
    if isinstance(weights, str):
        if weights != EXP2:
            raise TableError(fault('ensemble', 'weights', f'numbers or `{EXP2}`', weights, 'Correct it.'))
        return exp2_weights(count)
    return np.asarray(weights, dtype=np.float64) / np.sum(weights)


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


def check_temperatures(temperatures: Sequence[float] | None, tables: Sequence[PredictionTable],
                       method: str = 'mean') -> list[float]:
    """One temperature a member; a single one counts for all.

    Raises:
        TableError: If one is not positive, or cannot change a member's scores.
    """
    if temperatures is None:
        return [1.] * len(tables)
    given = [float(t) for t in temperatures] * (len(tables) if len(temperatures) == 1 else 1)
    _one_each('--temperature', given, [t.name for t in tables])
    if not (np.isfinite(given).all() and min(given) > 0):
        raise TableError(fault('ensemble', '--temperature', 'positive numbers', given,
                               'Below 1 sharpens, above flattens.'))
    wrong = [t.name for t, temperature in zip(tables, given, strict=True) if temperature != 1 and t.kind == 'value']
    if wrong or method == 'rank' and set(given) != {1.}:
        raise TableError(f'ensemble: `--temperature` needs logits or probabilities, and a method other than `rank`; '
                         f'{shorten(wrong) or "ranks do not change"}. Leave it out.')
    return given


def read_weights(words: Sequence[str], members: Sequence[Member]) -> np.ndarray:
    """Final weights from numbers, from the word ``exp2``, or from a JSON file that a weight search wrote.

    The file is a list of numbers in the order of the members, or ``{"members":
    [...], "weights": [...]}``, then matched by the members' names without
    folder and suffix; what the file lists as ``pruned`` weighs zero. Another
    member that it leaves out is an error; one of the file that is not here may
    only have the weight zero.

    Raises:
        TableError: If words are no numbers, or the file does not fit.
    """
    if list(words) == [EXP2]:
        return exp2_weights(len(members))
    if len(words) == 1 and not _is_number(words[0]):
        return check_weights(_weights_of_file(words[0], members), members)
    wrong = [word for word in words if not _is_number(word)]
    if wrong:
        raise TableError(fault('ensemble', '--weights', 'numbers, or one JSON file', shorten(wrong), 'Correct them.'))
    return check_weights([float(word) for word in words], members)


def _weights_of_file(path: str, members: Sequence[Member]) -> list[float]:
    try:
        content = json.loads(Path(path).read_text(encoding='utf-8'))
    except FileNotFoundError:
        raise TableError(fault('ensemble', '--weights', 'numbers, or one JSON file', path,
                               'There is no such file.')) from None
    except (OSError, ValueError, RecursionError) as error:
        raise TableError(f'{path}: no JSON file of weights ({error}). Write it again.') from error
    names = content.get('members') if isinstance(content, dict) else None
    weights = content.get('weights') if isinstance(content, dict) else content
    if not isinstance(weights, list) or not all(type(w) in (int, float) for w in weights):
        raise TableError(f'{path}: it must hold a list `weights` of numbers. Write it again.')
    if names is None:
        return weights
    pruned = content.get('pruned') or []
    if isinstance(names, list) and isinstance(pruned, list):
        # What a search dropped is no stranger: it weighs nothing.
        names, weights = [*names, *pruned], [*weights, *[0.] * len(pruned)]
    return _by_name(path, names, weights, members)


def _by_name(path: str, names: object, values: Sequence[float], members: Sequence[Member]) -> list[float]:
    """``values`` in the order of the members, matched by name without folder and suffix."""
    if not isinstance(names, list) or len(names) != len(values) or not all(isinstance(n, str) for n in names):
        raise TableError(fault(path, 'members', f'{len(values)} names, one a weight', names, 'Write it again.'))
    known, own = [Path(n).stem for n in names], [Path(member_name(m)).stem for m in members]
    if known == own:
        return list(values)
    for stems, where in ((known, path), (own, 'ensemble')):
        if len(set(stems)) < len(stems):
            raise TableError(fault(where, 'members', 'of different names (without folder and suffix)', stems,
                                   'Rename them, or give the weights as numbers.'))
    value_of = dict(zip(known, values, strict=True))
    lacking, extra = [n for n in own if n not in value_of], [n for n in known if value_of[n] and n not in own]
    if lacking or extra:
        said = [f'{word} {shorten(found)}' for word, found in (('not in it:', lacking), ('no member:', extra)) if found]
        raise TableError(f'{path}: its members must be those of the ensemble; {"; ".join(said)}.'
                         f'{did_you_mean((lacking or extra)[0], known if lacking else own)} '
                         'Name the same members, or leave some out with `--nopkls`.')
    return [value_of[n] for n in own]


def read_class_weights(path: str | os.PathLike, classes: Sequence[str], members: Sequence[Member]) -> np.ndarray:
    """Factors by class from a CSV with a header: ``class,weight``, or ``class`` and a column a member.

    Args:
        path: The file.
        classes: Names in the order wanted; all must be in it, and no other.
        members: M tables or files; columns are matched by their names without
            folder and suffix.

    Returns:
        ``(C,)`` for ``class,weight``, else ``(M, C)``; float64, not negative.

    Raises:
        TableError: If a class or a member is missing, or a factor is no number.
    """
    try:
        with open(path, encoding='utf-8-sig', newline='') as file:
            header, *rows = [row for row in csv.reader(file) if row] or [[]]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TableError(f'{path}: no CSV file of class weights ({error}). Check the path.') from error
    factor_of = {}
    for row in rows:
        if len(row) != len(header) or row[0] in factor_of or not all(map(_is_number, row[1:])):
            raise TableError(fault(path, 'row', f'a new class and {len(header) - 1} numbers', ','.join(row),
                                   'Correct it.'))
        factor_of[row[0]] = [float(v) for v in row[1:]]
    lacking, extra = [c for c in classes if c not in factor_of], sorted(set(factor_of).difference(classes))
    if lacking or extra or len(header) < 2:
        raise TableError(f'{path}: it must have the {len(classes)} classes of the tables; lacking: {shorten(lacking)}; '
                         f'too many: {shorten(extra)}. Write a row a class.')
    factors = np.array([factor_of[c] for c in classes]).T
    if not (np.isfinite(factors).all() and (factors >= 0).all()):
        raise TableError(fault(path, 'weights', 'finite and not negative', float(np.min(factors)), 'Correct them.'))
    if header[1:] == ['weight']:
        return factors[0]
    order = _by_name(str(path), header[1:], list(range(1, len(header))), members)
    return factors[[place - 1 for place in order]]


def _is_number(word: str) -> bool:
    try:
        return float(word) is not None
    except ValueError:
        return False


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
    in_name = IN_FILE_NAME.search(re.sub(r'\.(pkl|table|npz|parquet|csv)$', '', Path(name).name))
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
