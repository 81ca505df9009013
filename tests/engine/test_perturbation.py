"""Laws of the steps of adversarial training."""
import pytest
import torch

from mmcomp.engine.perturbation import ascent_step, awp_step, fgm_step, into_ball, pgd_step


def walk(steps, eps=1., alpha=.3):
    """How far PGD is from its start after ``steps`` steps along one gradient."""
    origin, gradient = torch.randn(5, 4), torch.randn(5, 4)
    weight = origin.clone()
    for _ in range(steps):
        weight = pgd_step(weight, origin, gradient, eps, alpha)
    return float((weight - origin).norm())


def test_the_published_pgd_never_reaches_its_ball_and_a_fourth_step_does():
    torch.manual_seed(0)
    assert [round(walk(steps), 5) for steps in (1, 2, 3, 4, 9)] == [.3, .6, .9, 1., 1.]


def test_inside_of_the_ball_nothing_changes_by_a_bit():
    origin = torch.randn(7, 3)
    weight = origin + .01 * torch.randn(7, 3)
    assert torch.equal(into_ball(weight, origin, 1.), weight)


@pytest.mark.parametrize('step', [fgm_step, pgd_step, awp_step])
@pytest.mark.parametrize('gradient', [0., float('nan'), float('inf')])
def test_a_gradient_without_direction_moves_nothing(step, gradient):
    weight = torch.randn(3, 2)
    assert torch.equal(step(weight, weight.clone(), torch.full((3, 2), gradient), 1., .3), weight)


def test_the_length_of_the_gradient_does_not_count():
    weight, gradient = torch.randn(4, 3), torch.randn(4, 3)
    moved = ascent_step(weight, gradient, .5)
    torch.testing.assert_close(moved, weight + .5 * gradient / gradient.square().sum().sqrt())
    torch.testing.assert_close(ascent_step(weight, gradient * 2**16, .5), moved)


def test_awp_keeps_each_number_near_its_own_size():
    weight, gradient = torch.tensor([[4., -2., 0.]]), torch.tensor([[1., 1., 1.]])
    moved = awp_step(weight, weight.clone(), gradient, .01, 1.)
    torch.testing.assert_close(moved, torch.tensor([[4.04, -1.98, 0.]]))
