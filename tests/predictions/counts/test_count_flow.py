import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment, linprog

from mmcomp.predictions.counts.count_flow import Candidates, NoRoom, improve, on_grid, rough_prices


def everything(values, low, high):
    samples, classes = values.shape
    low, high = (np.broadcast_to(np.asarray(bound), classes) for bound in (low, high))
    return Candidates(on_grid(values), np.tile(np.arange(classes), (samples, 1)), low, high)


def total(given, labels):
    return given.values[np.arange(len(labels)), labels].sum()


def best_by_linear_program(values, low, high):
    """The flow as a linear program; its corners are whole numbers."""
    samples, classes = values.shape
    once = np.kron(np.eye(samples), np.ones(classes))
    counts = np.kron(np.ones(samples), np.eye(classes))
    found = linprog(-values.ravel(), np.vstack([counts, -counts]),
                    np.concatenate([np.full(classes, high), -np.full(classes, low)]), once, np.ones(samples))
    return -found.fun


def values_of(samples, classes, seed, grid=None):
    rng = np.random.default_rng(seed)
    values = 2 * rng.standard_normal((samples, classes)) + 1.5 * rng.standard_normal(classes)
    return values if grid is None else np.round(values / grid) * grid


@pytest.mark.parametrize('samples, classes', [(120, 6), (60, 20), (40, 40), (30, 1)])
@pytest.mark.parametrize('grid', [None, 1.])  # with the second most values are tied
@pytest.mark.parametrize('seed', range(3))
def test_equal_counts_are_the_optimum_of_replicated_columns(samples, classes, grid, seed):
    values, each = values_of(samples, classes, seed, grid), samples // classes
    given = everything(values, each, each)
    labels, _ = improve(given, rough_prices(given, np.zeros(classes)))
    assert (np.bincount(labels, minlength=classes) == each).all()
    rows, column = linear_sum_assignment(np.repeat(given.values, each, axis=1), maximize=True)
    assert total(given, labels) == pytest.approx(total(given, column // each), abs=1e-9)


@pytest.mark.parametrize('low, high', [(3, 6), (0, 5), (4, 60), (0, 60), (1, 30)])
@pytest.mark.parametrize('grid', [None, .5])
@pytest.mark.parametrize('steps', [0, 24])
def test_bounds_are_the_optimum_of_the_linear_program(low, high, grid, steps):
    values = values_of(60, 12, low + high, grid)
    given = everything(values, low, high)
    labels, prices = improve(given, rough_prices(given, np.zeros(12), steps))
    counts = np.bincount(labels, minlength=12)
    assert counts.min() >= low and counts.max() <= high
    assert total(given, labels) == pytest.approx(best_by_linear_program(given.values, low, high), abs=1e-6)
    # Strong duality, to the last bit but for the order of sums.
    dual = given.gains(prices).max(axis=1).sum() + np.where(prices > 0, prices * high, prices * low).sum()
    assert dual == pytest.approx(total(given, labels), abs=1e-9)


def test_bounds_of_each_class():
    rng = np.random.default_rng(5)
    low = rng.integers(0, 6, 10)
    high = low + rng.integers(0, 8, 10)
    given = everything(values_of(50, 10, 5), low, high + 2)
    labels, prices = improve(given, np.zeros(10))
    counts = np.bincount(labels, minlength=10)
    assert (counts >= low).all() and (counts <= high + 2).all()
    assert (counts[prices > 0] == (high + 2)[prices > 0]).all() and (counts[prices < 0] == low[prices < 0]).all()


def test_nobody_can_go_where_it_has_no_candidate():
    given = everything(values_of(20, 4, 0), 5, 5)
    narrow = Candidates(given.values[:, :2], given.columns[:, :2], given.low, given.high)
    with pytest.raises(NoRoom):
        improve(narrow, np.zeros(4))


def test_rough_prices_leave_little_to_do():
    given = everything(values_of(2000, 40, 1), 50, 50)

    def dual(prices):
        return given.gains(prices).max(axis=1).sum() + (50 * prices).sum()
    best = improve(given, np.zeros(40))[1]
    start = best + .3 * np.random.default_rng(0).standard_normal(40)
    assert dual(rough_prices(given, start)) - dual(best) < .02 * (dual(start) - dual(best))
