"""Greedy soup: members join, best first, as long as the validation metric does not fall.

Source: Wortsman et al., *Model soups*, ICML 2022 (arXiv 2203.05482), recipe 1.
"""
import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from mmcomp.checkpoints.barrier import Line, Score, line_shares
from mmcomp.errors import CheckpointError, fault
from mmcomp.files import write_json

ALPHAS = (.25, .5, .75)
VERSION = 1
Evaluate = Callable[[Sequence[float], str], Score]


@dataclass(frozen=True)
class Step:
    """What became of one member.

    Args:
        member: Its place among the members.
        alone: Its own score.
        joined: The score of the soup with it.
        accepted: Whether it stayed.
        line: From the soup at that time to the member, if it was refused.
    """
    member: int
    alone: Score
    joined: Score
    accepted: bool
    line: Line | None = None


@dataclass(frozen=True)
class GreedySoup:
    """Shares of the members, the soup's score, and the way there, best member first."""
    shares: list[float]
    score: Score
    steps: list[Step]


def greedy_soup(count: int, evaluate: Evaluate, larger_is_better: bool = True,
                alphas: Sequence[float] = ALPHAS) -> GreedySoup:
    """Choose members.

    Args:
        count: Number of members.
        evaluate: Gives the validation score of a mixture, from one share a
            member, which sum to one, and words that say what it is.
        larger_is_better: Of the metric.
        alphas: Shares of a refused member at which the line from the soup to it
            is looked at; none for no such report.

    Returns:
        A soup that is at least as good on the validation data as every member.
    """
    sign = 1 if larger_is_better else -1
    alone = [evaluate(_equal(count, [member]), f'member {member + 1} of {count} alone') for member in range(count)]
    order = sorted(range(count), key=lambda member: -sign * alone[member].metric)
    chosen, score = order[:1], alone[order[0]]
    steps = [Step(order[0], score, score, True)]
    for member in order[1:]:
        joined = evaluate(_equal(count, [*chosen, member]), f'soup of {len(chosen)} with member {member + 1}')
        accepted = sign * joined.metric >= sign * score.metric
        line = None
        if not accepted and alphas:
            line = _line(count, chosen, member, (score, joined, alone[member]), evaluate, alphas, larger_is_better)
        steps.append(Step(member, alone[member], joined, accepted, line))
        if accepted:
            chosen, score = [*chosen, member], joined
    return GreedySoup(_equal(count, chosen), score, steps)


def _equal(count: int, chosen: Sequence[int]) -> list[float]:
    return [float(member in chosen) / len(chosen) for member in range(count)]


def _line(count: int, chosen: Sequence[int], member: int, known: tuple[Score, Score, Score], evaluate: Evaluate,
          alphas: Sequence[float], larger_is_better: bool) -> Line:
    soup, joined, alone = known
    points = {0.: soup, 1 / (len(chosen) + 1): joined, 1.: alone}
    for alpha in alphas:
        if min(abs(alpha - there) for there in points) > 1e-9:
            shares = line_shares(_equal(count, chosen), member, alpha)
            points[alpha] = evaluate(shares, f'{alpha:g} of the way to member {member + 1}')
    return Line(tuple(sorted(points)), tuple(points[alpha] for alpha in sorted(points)), larger_is_better)


class Ledger:
    """Scores of mixtures in a JSON file, so that a run that was killed goes on.

    A mixture is known by its members' digests and shares, so renamed files and
    another order change nothing.

    Args:
        path: The file.
        facts: What decides a score beside the weights: data, metric, model.
            Scores of other facts are thrown away.

    Raises:
        CheckpointError: If the file is there and is none of these.
    """

    def __init__(self, path: str | os.PathLike, facts: dict):
        self.path, self.facts = Path(path), facts
        self.scores: dict[str, dict] = {}
        self.dropped = False
        if self.path.exists():
            found = self._read()
            self.dropped = found['facts'] != facts and bool(found['scores'])
            self.scores = {} if self.dropped else found['scores']

    def _read(self) -> dict:
        try:
            found = json.loads(self.path.read_text(encoding='utf-8'))
            whole = found['version'] == VERSION and isinstance(found['facts'], dict)
            whole = whole and all(isinstance(Score(**s).metric, float | int) for s in found['scores'].values())
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            whole = False
        if not whole:
            raise CheckpointError(fault(self.path, 'ledger', 'a file of an earlier greedy soup', 'something else',
                                        'Move it away, or write the soup elsewhere.'))
        return found

    def remembering(self, digests: Sequence[str], evaluate: Evaluate) -> Evaluate:
        """``evaluate`` that asks the file first, and writes down what it learns."""
        def remembered(shares: Sequence[float], what: str) -> Score:
            key = _key(digests, shares)
            if key not in self.scores:
                score = evaluate(shares, what)
                self.scores[key] = asdict(score)
                self.write()
            return Score(**self.scores[key])
        return remembered

    def write(self, **more: object) -> None:
        """Write the file, with ``more`` beside the scores."""
        write_json(self.path, dict(version=VERSION, facts=self.facts, scores=self.scores, **more))


def _key(digests: Sequence[str], shares: Sequence[float]) -> str:
    used = sorted((digest, f'{share:.9f}') for digest, share in zip(digests, shares, strict=True) if share)
    return hashlib.sha256(repr(used).encode()).hexdigest()[:16]
