"""The valley and its mean, found as losses come in, are those that a look at the whole training finds."""
import numpy as np
import pytest
import torch

from mmcomp.engine.loss_valley import LossValley, WeightMean
from mmcomp.errors import ConfigError


def valley_by_hand(losses, n_converge, n_tolerance, tolerance):
    """First and last place, and the limit, from all losses at once."""
    for first in range(len(losses) - n_converge + 1):
        window = losses[first:first + n_converge]
        if window[0] == min(window):
            limit = (1 + tolerance) * np.mean(window)
            for end in range(first, len(losses) - n_tolerance + 1):
                if min(losses[end:end + n_tolerance]) > limit:
                    return first, end - 1, limit
            return first, len(losses) - 1, limit
    return None


@pytest.mark.parametrize('seed', range(40))
def test_the_mean_over_the_valley(seed):
    random = np.random.default_rng(seed)
    n_converge, n_tolerance = random.integers(1, 5, 2)
    # Falling, then about level, then rising.
    losses = (np.abs(np.arange(24) - 9) * 0.1 + random.random(24)).round(1).tolist()[:random.integers(3, 25)]
    steps = random.integers(1, 4, len(losses))
    weights = torch.from_numpy(random.normal(size=(steps.sum(), 3)))
    valley, ends = LossValley(n_converge, n_tolerance, 0.3), np.cumsum(steps)
    for place, loss in enumerate(losses):
        segment = WeightMean()
        for step in range(ends[place] - steps[place], ends[place]):
            segment.add(dict(weight=weights[step], count=torch.tensor(step)), step)
        valley.add(loss, segment)
        if seed % 2:  # as if it was resumed
            state, valley = valley.state_dict(), LossValley(n_converge, n_tolerance, 0.3)
            valley.load_state_dict(state)
    known, found = valley_by_hand(losses, n_converge, n_tolerance, 0.3), valley.found()
    first, last, limit = known or (len(losses) - 1, len(losses) - 1, None)
    inside = slice(ends[first] - steps[first], ends[last])
    assert (valley.limit is None) == (known is None) and (not known or valley.limit == pytest.approx(limit))
    assert (found.first, found.last) == (inside.start, inside.stop - 1)
    torch.testing.assert_close(found.tensors['weight'], weights[inside].mean(dim=0))
    assert found.tensors['count'] == inside.stop - 1
    held = [valley.mean, valley.pending, *(segment for _, segment in valley.recent)]
    assert sum(one.steps > 0 for one in held) <= max(2, n_converge)


def test_a_known_training():
    valley = LossValley(n_converge=3, n_tolerance=2, tolerance=0.3)
    # The limit is 1.3 * (1 + 1.1 + 1.2) / 3 = 1.43; the first 1.5 is forgiven, for 1.4 comes after it.
    for place, loss in enumerate([3, 2, 1, 1.1, 1.2, 1.5, 1.4, 1.5, 1.6, 1.0]):
        valley.add(loss, WeightMean(dict(weight=torch.tensor([float(place)])), 1, place))
    found = valley.found()
    assert valley.limit == pytest.approx(1.43) and valley.over and (found.first, found.last) == (2, 6)
    assert found.tensors['weight'].item() == pytest.approx(4)


def test_half_precision_is_summed_in_full_and_equal_weights_stay():
    mean, weight = WeightMean(), torch.randn(100)
    for step in range(50):
        mean.add(dict(half=weight.bfloat16(), full=weight), step)
    assert mean.tensors['half'].dtype == torch.float32
    assert torch.equal(mean.tensors['full'], weight) and torch.equal(mean.tensors['half'].bfloat16(), weight.bfloat16())


@pytest.mark.parametrize('wrong', [dict(n_converge=0), dict(n_tolerance=0), dict(tolerance=-0.1)])
def test_faults(wrong):
    with pytest.raises(ConfigError, match='LossValley'):
        LossValley(**wrong)
