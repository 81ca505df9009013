import json

import numpy as np
import pytest

from mmcomp.checkpoints.barrier import Score
from mmcomp.checkpoints.greedy import Ledger, greedy_soup
from mmcomp.errors import CheckpointError


def valley(points, centre):
    """A bowl: members are points, a mixture's score is how near it is to the centre."""
    def evaluate(shares, what):
        assert sum(shares) == pytest.approx(1)
        return Score(-float(np.linalg.norm(np.asarray(shares) @ points - centre)))
    return evaluate


@pytest.mark.parametrize('seed', range(20))
@pytest.mark.parametrize('larger', [True, False])
def test_never_worse_than_the_best_member(seed, larger):
    rng = np.random.default_rng(seed)
    points, sign = rng.normal(size=(6, 3)), 1 if larger else -1
    bowl = valley(points, rng.normal(size=3))
    soup = greedy_soup(6, lambda shares, what: Score(sign * bowl(shares, what).metric), larger)
    alone = [bowl(row, '').metric for row in np.eye(6)]
    assert sign * soup.score.metric >= max(alone) and bowl(soup.shares, '').metric == sign * soup.score.metric
    assert [step.member for step in soup.steps] == list(np.argsort(-np.array(alone), kind='stable'))
    for step in soup.steps:
        assert (step.line is None) == step.accepted
        if step.line:
            assert step.line.alphas[0] == 0 and step.line.alphas[-1] == 1 and step.line.scores[-1] == step.alone
            assert {.25, .5, .75} <= set(step.line.alphas)


def test_by_hand():
    """Two that meet in the middle, and one on the other side of a hill."""
    points = np.array([[1.], [-1.], [9.]])
    soup = greedy_soup(3, valley(points, np.zeros(1)), alphas=())
    assert soup.shares == [.5, .5, 0.] and soup.score.metric == 0
    assert [step.accepted for step in soup.steps] == [True, True, False] and soup.steps[2].line is None


class Killed(Exception):
    pass


def test_a_killed_run_goes_on(tmp_path):
    bowl = valley(np.random.default_rng(0).normal(size=(5, 2)), np.zeros(2))
    digests, calm = list('abcde'), []
    expected = greedy_soup(5, Ledger(tmp_path / 'calm.json', {}).remembering(
        digests, lambda shares, what: calm.append(what) or bowl(shares, what)))
    done = []
    for _ in range(100):
        left = [3]

        def dying(shares, what, left=left):
            if not left[0]:
                raise Killed
            left[0] -= 1
            done.append(what)
            return bowl(shares, what)

        try:
            assert greedy_soup(5, Ledger(tmp_path / 'x.json', {}).remembering(digests, dying)) == expected
            break
        except Killed:
            continue
    assert done == calm and len(done) > 6
    assert (tmp_path / 'x.json').read_bytes() == (tmp_path / 'calm.json').read_bytes()


def test_another_order_and_other_data(tmp_path):
    def never(shares, what):
        raise AssertionError(what)

    ledger = Ledger(tmp_path / 'x.json', {'data': 1})
    ledger.remembering('ab', lambda shares, what: Score(1., .5, 'acc'))([.25, .75], '')
    again = Ledger(tmp_path / 'x.json', {'data': 1})
    assert again.remembering('cba', never)([0, .75, .25], '') == Score(1., .5, 'acc') and not again.dropped
    other = Ledger(tmp_path / 'x.json', {'data': 2})
    assert other.dropped and not other.scores


@pytest.mark.parametrize('content', ['', '{', '[]', '{"version": 1}', '{"version": 9, "facts": {}, "scores": {}}',
                                     '{"version": 1, "facts": {}, "scores": {"a": {"metric": "x"}}}',
                                     '{"version": 1, "facts": {}, "scores": {"a": {"metric": 1, "evil": 2}}}'])
def test_a_file_that_is_no_ledger(tmp_path, content):
    (tmp_path / 'x.json').write_text(content)
    with pytest.raises(CheckpointError, match='x.json: `ledger` must be a file of an earlier greedy soup'):
        Ledger(tmp_path / 'x.json', {})
    assert (tmp_path / 'x.json').read_text() == content


def test_the_file_is_plain_json(tmp_path):
    ledger = Ledger(tmp_path / 'x.json', {'data': 1})
    ledger.remembering('a', lambda shares, what: Score(1.))([1.], '')
    ledger.write(shares=[1.])
    assert json.loads((tmp_path / 'x.json').read_text())['shares'] == [1.]
