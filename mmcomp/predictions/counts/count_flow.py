"""The exact optimum of an assignment with bounds on the counts, by shortest paths and flows.

Samples go to classes, a class takes a fewest and a most number of samples, and
the sum of values is to be as high as can be: a minimum-cost flow. Its dual is a
price a class. At the optimum every sample is where value minus price is
highest, a class with a price above zero is full, and one with a price below
zero has no more than its fewest.

:func:`improve` takes rough prices to optimal ones by the primal-dual method
(Ahuja, Magnanti, Orlin, *Network Flows*, 1993, 9.8). Classes with too many
samples look for the cheapest chains of moves to classes with too few, by
Dijkstra on a graph of classes; prices follow the distances, and all chains that
cost nothing at the new prices are used at once, by a maximum flow.

Values and prices are multiples of 2^-30, whose sums float64 keeps exactly. So
"costs nothing" means zero, and the end is an optimum, not near one.
"""
from dataclasses import dataclass, field

import numpy as np

GRID = 2. ** 30
REACH, FARTHEST = .25, 2. ** 12  # chains up to this price are looked for, at first and at last
WINDOW = 1.  # moves up to this price are kept at hand
CLOSE = 8  # candidates a sample that the rough steps look at
STEPS = 24  # of them
SPREAD = 64.  # above twice any difference of log probabilities


class NoRoom(Exception):
    """The bounds can't be met with these candidates."""


def on_grid(values: np.ndarray) -> np.ndarray:
    """The nearest multiples of 2^-30, float64."""
    return np.rint(np.asarray(values, dtype=np.float64) * GRID) / GRID


@dataclass
class Candidates:
    """Values of some classes for each sample; it can go nowhere else.

    Args:
        values: ``(N, k)``, see :func:`on_grid`.
        columns: ``(N, k)`` class numbers; one may stand twice in a row.
        low: Fewest samples a class, ``(C,)`` integers.
        high: Most samples a class, ``(C,)`` integers.
    """
    values: np.ndarray
    columns: np.ndarray
    low: np.ndarray
    high: np.ndarray

    def gains(self, prices: np.ndarray) -> np.ndarray:
        return self.values - prices[self.columns]

    def closest(self, prices: np.ndarray, number: int) -> 'Candidates':
        """The best few of each sample."""
        number = min(number, self.values.shape[1])
        at = np.argpartition(-self.gains(prices), number - 1, axis=1)[:, :number]
        return Candidates(np.take_along_axis(self.values, at, 1), np.take_along_axis(self.columns, at, 1),
                          self.low, self.high)


def rough_prices(given: Candidates, prices: np.ndarray, steps: int = STEPS) -> np.ndarray:
    """Prices nearer to the optimum, ``(C,)``.

    A class knows what each sample would pay for it, given the other prices, and
    so the price at which it would have the right count. In each step all
    classes go half the way there.
    """
    given = given.closest(prices, CLOSE)
    rows, numbers = np.arange(len(given.values)), np.arange(len(prices))
    for _ in range(steps):
        bids = given.gains(prices)
        at = bids.argmax(axis=1)
        best = bids[rows, at]
        bids[rows, at] = -np.inf
        lead = best - bids.max(axis=1)
        bids -= best[:, None]
        bids[rows, at] = np.minimum(lead, SPREAD / 2)
        near = bids > -WINDOW
        # One sort of plain numbers: by class, then the highest bid first.
        keys = np.sort(given.columns[near] * SPREAD - bids[near])
        start = np.searchsorted(keys, numbers * SPREAD - SPREAD / 2)
        end = np.append(start[1:], len(keys))
        own = np.repeat(numbers, end - start)
        bids = own * SPREAD - keys + prices[own]
        free = np.bincount(own, bids > 0, minlength=len(prices)).astype(np.int64)
        wanted = free.clip(given.low, given.high)
        last = start + wanted - 1
        priced = (wanted != free) & (last >= start) & (last + 1 < end)
        target = np.where(wanted == free, 0., prices)
        target[priced] = (bids[last[priced]] + bids[last[priced] + 1]) / 2
        prices = (prices + target) / 2
        prices[(target == 0) & (abs(prices) < 1e-3)] = 0
    return prices


def improve(given: Candidates, prices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Optimal labels and prices.

    Args:
        given: What can be chosen, and the bounds; ``sum(low) <= N <= sum(high)``.
        prices: To start from, ``(C,)``. The nearer, the faster.

    Returns:
        Labels ``(N,)`` and prices ``(C,)``, on the grid.

    Raises:
        NoRoom: If the bounds can't be met with these candidates.
    """
    state, reach = _State(given, prices), REACH
    while (state.excess > 0).any():
        moves = state.moves(reach)
        distances = _distances(state, moves, reach)
        met = distances[(state.excess < 0) & np.isfinite(distances)]
        state.shift(np.minimum(distances, met.max() if len(met) else reach))
        if len(met):
            state.push(moves)
        elif (reach := 2 * reach) > FARTHEST:
            raise NoRoom
    return state.labels, state.prices[:-1]


@dataclass
class _Moves:
    """Samples' moves to other classes: row, place among its candidates, class and cost."""
    rows: np.ndarray
    places: np.ndarray
    to: np.ndarray
    cost: np.ndarray


@dataclass
class _State:
    """Where every sample is, and the prices at which it wants to be there.

    The last node is the pool: it takes ``out[c]`` samples from class c, within
    the bounds, and N in all. Its price is zero. What a node receives more than
    it hands on is its excess.
    """
    given: Candidates
    prices: np.ndarray
    at: np.ndarray = field(init=False)
    near: _Moves | None = field(init=False, default=None)

    def __post_init__(self):
        given = self.given
        self.prices = np.append(on_grid(self.prices), 0.)
        self.at = given.gains(self.prices).argmax(axis=1)
        price, counts = self.prices[:-1], np.bincount(self.labels, minlength=len(given.low))
        self.out = np.where(price > 0, given.high, np.where(price < 0, given.low, counts.clip(given.low, given.high)))
        self._count()

    @property
    def labels(self) -> np.ndarray:
        return self.given.columns[np.arange(len(self.at)), self.at]

    def _count(self) -> None:
        counts = np.bincount(self.labels, minlength=len(self.out))
        self.excess = np.append(counts - self.out, self.out.sum() - len(self.at))

    def moves(self, reach: float) -> _Moves:
        """All that cost less than ``reach``; taken from a wider choice as long as prices stay near to its own."""
        if self.near is None or 2 * abs(self.prices - self.near_prices).max() > self.within - reach:
            self.within, self.near_prices = max(WINDOW, 2 * reach), self.prices
            gains = self.given.gains(self.prices)
            rows, places = np.nonzero(gains > gains.max(axis=1, keepdims=True) - self.within)
            self.near = _Moves(rows, places, self.given.columns[rows, places], self.given.values[rows, places])
        near, labels = self.near, self.labels
        cost = self.best()[near.rows] - (near.cost - self.prices[near.to])
        kept = np.flatnonzero((cost < reach) & (near.to != labels[near.rows]))
        return _Moves(near.rows[kept], near.places[kept], near.to[kept], cost[kept])

    def best(self) -> np.ndarray:
        """Each sample's value minus price, ``(N,)``."""
        return self.given.values[np.arange(len(self.at)), self.at] - self.prices[self.labels]

    def shift(self, distances: np.ndarray) -> None:
        self.prices = self.prices - distances + distances[-1]

    def push(self, moves: _Moves) -> None:
        """Use as many chains as there are among the moves that cost nothing at the present prices."""
        from scipy.sparse import csr_array
        from scipy.sparse.csgraph import maximum_flow
        free = self.best()[moves.rows] == self.given.values[moves.rows, moves.places] - self.prices[moves.to]
        samples, sample = np.unique(moves.rows[free], return_inverse=True)
        to, pool = moves.to[free], len(self.out)
        first = pool + 1  # classes, the pool, samples that can move, where the flow starts, where it ends
        start = first + len(samples)
        end = start + 1
        still = np.flatnonzero(self.prices[:-1] == 0)
        over, under = np.flatnonzero(self.excess > 0), np.flatnonzero(self.excess < 0)
        arcs = [(self.labels[samples], first + np.arange(len(samples)), np.ones(len(samples))),
                (first + sample, to, np.ones(len(to))),
                (still, np.full(len(still), pool), (self.given.high - self.out)[still]),
                (np.full(len(still), pool), still, (self.out - self.given.low)[still]),
                (np.full(len(over), start), over, self.excess[over]),
                (under, np.full(len(under), end), -self.excess[under])]
        tail, head, room = (np.concatenate(part) for part in zip(*arcs, strict=True))
        graph = csr_array((room.astype(np.int32), (tail, head)), shape=(end + 1, end + 1))
        flow = maximum_flow(graph, start, end).flow.tocoo()
        tail, head, sent = (part[flow.data > 0] for part in (*flow.coords, flow.data))
        moved = (tail >= first) & (tail < start)
        rows = samples[tail[moved] - first]
        self.at[rows] = (self.given.columns[rows] == head[moved][:, None]).argmax(axis=1)
        more, less = (head == pool) & (tail < pool), (tail == pool) & (head < pool)
        np.add.at(self.out, tail[more], sent[more])
        np.subtract.at(self.out, head[less], sent[less])
        self._count()


def _distances(state: _State, moves: _Moves, reach: float) -> np.ndarray:
    """The price of the cheapest chain from any node with too many to each node, ``(C + 1,)``."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra
    given, pool = state.given, len(state.out)
    more, less = np.flatnonzero(state.out < given.high), np.flatnonzero(state.out > given.low)
    tail = np.concatenate([state.labels[moves.rows], more, np.full(len(less), pool)])
    head = np.concatenate([moves.to, np.full(len(more), pool), less])
    cost = np.concatenate([moves.cost, -state.prices[more], state.prices[less]])
    order = np.lexsort((cost, head, tail))
    tail, head, cost = tail[order], head[order], cost[order]
    cheapest = np.ones(len(tail), dtype=bool)
    cheapest[1:] = (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])
    graph = csr_array((cost[cheapest], (tail[cheapest], head[cheapest])), shape=(pool + 1, pool + 1))
    return dijkstra(graph, indices=np.flatnonzero(state.excess > 0), min_only=True, limit=reach)
