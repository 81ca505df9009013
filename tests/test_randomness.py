"""Seeds derived from places."""
import random

import numpy as np
import torch

from mmcomp.randomness import derive_seed, seed_all


def draw():
    return random.random(), np.random.rand(), torch.rand(()).item()


def test_a_seed_follows_from_its_parts_and_their_order():
    seeds = [derive_seed(a, b) for a in range(40) for b in range(40)] + [derive_seed(1), derive_seed(1, 2, 3)]
    assert len(set(seeds)) == len(seeds) and all(0 <= seed < 2**63 for seed in seeds)
    assert derive_seed(1, 2) == derive_seed(1, 2) != derive_seed(2, 1)
    # Half of the bits of neighbours differ: they start unrelated streams.
    assert 25 < np.mean([(derive_seed(0, n) ^ derive_seed(0, n + 1)).bit_count() for n in range(200)]) < 38


def test_all_libraries_are_seeded():
    seed_all(7)
    first = draw()
    assert len(set(first)) == 3 and draw() != first
    seed_all(7)
    assert draw() == first
