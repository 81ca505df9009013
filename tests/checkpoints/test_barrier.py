import pytest

from mmcomp.checkpoints.barrier import Line, Score, line_shares


def line(metrics, losses=None, larger=True):
    alphas = tuple(i / (len(metrics) - 1) for i in range(len(metrics)))
    scores = tuple(Score(m, None if losses is None else losses[i]) for i, m in enumerate(metrics))
    return Line(alphas, scores, larger)


@pytest.mark.parametrize(('found', 'barrier', 'said'), [
    (line([.9, .2, .8], [.1, 2., .3]), 1.8, 'barrier of 1.8: another basin'),
    (line([.9, .2, .8]), .65, 'barrier of 0.65: another basin'),
    (line([.1, .8, .2], larger=False), .65, 'another basin'),
    (line([.9, .95, .91, .8, .7], [.3, .2, .25, .3, .4]), 0., 'smaller share would help: 0.25 of it gives 0.9500'),
    (line([.9, .9, .8], [.3, .31, .35]), 0., 'worse all the way'),
    (line([.9, .92, .95], [.3, .31, .35]), 0., 'better alone'),
])
def test_verdicts(found, barrier, said):
    assert found.barrier() == pytest.approx(barrier) and said in found.verdict()


def test_points_of_a_line_sum_to_one():
    assert line_shares([.5, .5, 0.], 2, 0.) == [.5, .5, 0.] and line_shares([.5, .5, 0.], 2, 1.) == [0., 0., 1.]
    assert sum(line_shares([.5, .5, 0.], 2, .3)) == pytest.approx(1.)
