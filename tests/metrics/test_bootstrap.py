import numpy as np

from mmcomp.metrics.bootstrap import bootstrap_interval, wilson_upper


def test_the_interval_is_that_of_drawing_samples_with_replacement():
    rng = np.random.default_rng(0)
    values = rng.choice([-1., 0., 1.], 300, p=(.1, .6, .3))
    drawn = np.array([rng.choice(values, 300).mean() for _ in range(4000)])
    low, high = bootstrap_interval(values)
    assert np.allclose((low, high), np.quantile(drawn, (.025, .975)), atol=.01)
    assert low < values.mean() < high


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(1)
    runs = [bootstrap_interval(rng.random(200) < .7, draws=600) for _ in range(300)]
    assert .9 < np.mean([low <= .7 <= high for low, high in runs]) < .99


def test_a_wider_level_is_wider_and_no_doubt_has_no_width():
    values = np.arange(50) % 3 == 0
    assert bootstrap_interval(values, .99)[0] < bootstrap_interval(values, .8)[0]
    assert bootstrap_interval(np.ones(9)) == (1., 1.)


def test_wilson_falls_with_evidence_and_solves_its_equation():
    right, number = np.array([0, 0, 0, 30]), np.array([1, 5, 50, 40])
    upper = wilson_upper(right, number)
    assert (np.diff(upper[:3]) < 0).all() and (upper > right / number).all()
    assert np.allclose((upper - right / number) ** 2, 1.96 ** 2 * upper * (1 - upper) / number)
