"""Random numbers as a function of where a training is, not of what ran before.

A step's numbers follow from (seed, step, rank), a sample's from (seed, epoch,
place in the epoch). So nothing has to be saved to go on exactly after a kill,
and neither workers, validation nor the number of ranks changes what a sample
looks like. The idea is JAX's ``fold_in``.
"""
import hashlib
import random
import struct

import numpy as np
import torch

# The first number of a derived seed: what the random numbers are for.
STEP, SAMPLE, VALIDATION = 1, 2, 3


def derive_seed(*parts: int) -> int:
    """A seed of 63 bits: the same for the same whole numbers, unrelated for any others."""
    digest = hashlib.blake2b(struct.pack(f'<{len(parts)}q', *parts), digest_size=8).digest()
    return int.from_bytes(digest, 'little') >> 1


def seed_all(seed: int) -> None:
    """Seed Python, numpy and torch, on the GPU too if this process uses one."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.default_generator.manual_seed(seed)
    # `torch.manual_seed` would queue the seed, with a stack trace, for a GPU that was never touched.
    if torch.cuda.is_initialized():
        torch.cuda.manual_seed_all(seed)
