"""Batches for prediction: each row exactly once over all ranks."""
from collections.abc import Iterator, Sequence


class ShardedBatchSampler:
    """Deals whole batches of the given rows out to ranks, round robin.

    No row is padded or repeated. A batch holds the same rows whatever the
    number of ranks, so scores do not depend on it either.

    Args:
        rows: Data set positions to predict, in order.
        batch_size: Rows a batch; the last one may be smaller.
        rank: This process, from 0.
        world_size: Number of processes.
    """

    def __init__(self, rows: Sequence[int], batch_size: int, rank: int = 0, world_size: int = 1):
        starts = range(0, len(rows), batch_size)[rank::world_size]
        self.batches = [[int(row) for row in rows[start:start + batch_size]] for start in starts]

    def __iter__(self) -> Iterator[list[int]]:
        return iter(self.batches)

    def __len__(self) -> int:
        return len(self.batches)
