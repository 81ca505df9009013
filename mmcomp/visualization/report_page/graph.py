"""The stage graph: from the top down, a row a layer."""
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, GAP, ROW, THREAD = 158, 46, 16, 84, 14
SWEEPS = 12


@dataclass(frozen=True)
class Drawing:
    """Places of a graph: left upper corners of the boxes by name, paths of the edges, and the size of all."""
    boxes: dict[str, tuple[float, float]]
    edges: list[tuple[str, str, str]]
    width: float
    height: float


def draw_graph(needs: Mapping[str, Sequence[str]]) -> Drawing:
    """Place stages so that each stands below those it needs.

    Needs that follow from others are left out. Long edges are led through the
    rows between by invisible places; rows are ordered by the means of their
    neighbours (Sugiyama, Tagawa and Toda, 1981).

    Args:
        needs: What each stage needs, each after those.
    """
    order = list(needs)
    kept = _without_implied({name: [n for n in needs[name] if n in order[:at]] for at, name in enumerate(order)})
    layer = _layers(kept)
    rows, chains = _rows(kept, layer)
    neighbours: dict[object, tuple[list, list]] = {place: ([], []) for row in rows for place in row}
    for chain in chains:
        for above, below in zip(chain, chain[1:]):
            neighbours[below][0].append(above)
            neighbours[above][1].append(below)
    _sort_rows(rows, neighbours)
    middle = _spread(rows, neighbours)
    boxes = {place: (middle[place] - WIDTH / 2, at * ROW) for at, row in enumerate(rows)
             for place in row if isinstance(place, str)}
    level = {place: at for at, row in enumerate(rows) for place in row}
    edges = [(chain[0], chain[-1], _path(chain, middle, level)) for chain in chains]
    width = max(middle[place] + _width(place) / 2 for row in rows for place in row) if rows else 0
    return Drawing(boxes, edges, width, (len(rows) - 1) * ROW + HEIGHT)


def _without_implied(needs: dict[str, list[str]]) -> dict[str, list[str]]:
    behind: dict[str, set[str]] = {}
    kept = {}
    for name, direct in needs.items():
        behind[name] = set(direct).union(*(behind[n] for n in direct))
        kept[name] = [n for n in dict.fromkeys(direct) if not any(n in behind[other] for other in direct if other != n)]
    return kept


def _layers(needs: dict[str, list[str]]) -> dict[str, int]:
    """As high as possible, but for sources, which stand right above the first that needs them."""
    layer: dict[str, int] = {}
    for name, direct in needs.items():
        layer[name] = 1 + max((layer[n] for n in direct), default=-1)
    for name, direct in needs.items():
        users = [layer[user] for user, wants in needs.items() if name in wants]
        if not direct and users:
            layer[name] = min(users) - 1
    return layer


def _rows(needs: dict[str, list[str]], layer: dict[str, int]) -> tuple[list[list], list[list]]:
    """Places of each row, and for every edge the places it leads through."""
    rows: list[list] = [[] for _ in range(1 + max(layer.values(), default=-1))]
    for name, at in layer.items():
        rows[at].append(name)
    chains = []
    for name, direct in needs.items():
        for need in direct:
            # Edges from one stage share their way down as long as they can.
            through = [(need, at) for at in range(layer[need] + 1, layer[name])]
            for place in through:
                if place not in rows[place[1]]:
                    rows[place[1]].append(place)
            chains.append([need, *through, name])
    return rows, chains


def _sort_rows(rows: list[list], neighbours: Mapping) -> None:
    for sweep in range(SWEEPS):
        side = sweep % 2
        for at in range(len(rows)) if side == 0 else reversed(range(len(rows))):
            other = at - 1 if side == 0 else at + 1
            if not 0 <= other < len(rows):
                continue
            where = {place: i / max(len(rows[other]) - 1, 1) for i, place in enumerate(rows[other])}
            now = {place: i / max(len(rows[at]) - 1, 1) for i, place in enumerate(rows[at])}

            def mean(place, side=side, where=where, now=now):
                near = [where[n] for n in neighbours[place][side] if n in where]
                return sum(near) / len(near) if near else now[place]
            rows[at].sort(key=mean)


def _spread(rows: list[list], neighbours: Mapping) -> dict:
    """Middles of all places: near the mean of their neighbours, at least a gap apart."""
    middle: dict = {}
    for row in rows:
        left = 0.
        for place in row:
            middle[place] = left + _width(place) / 2
            left += _width(place) + GAP
        shift = (left - GAP) / 2
        for place in row:
            middle[place] -= shift
    # Down last, so that a chain of stages hangs straight.
    for sweep in range(2 * SWEEPS + 1):
        for row in reversed(rows) if sweep % 2 else rows:
            wanted = [_wish(place, neighbours[place][sweep % 2], middle) for place in row]
            for place, x in zip(row, _apart(wanted, row), strict=True):
                middle[place] = x
    left = min((middle[p] - _width(p) / 2 for row in rows for p in row), default=0)
    return {place: x - left for place, x in middle.items()}


def _wish(place, near: Sequence, middle: Mapping) -> float:
    return sum(middle[n] for n in near) / len(near) if near else middle[place]


def _apart(wanted: list[float], row: list) -> list[float]:
    """Pushed from the left and from the right, and the mean of the two: both keep the gaps."""
    room = [(_width(a) + _width(b)) / 2 + GAP for a, b in zip(row, row[1:])]
    right, left = list(wanted), list(wanted)
    for i, gap in enumerate(room):
        right[i + 1] = max(right[i + 1], right[i] + gap)
    for i, gap in reversed(list(enumerate(room))):
        left[i] = min(left[i], left[i + 1] - gap)
    return [(a + b) / 2 for a, b in zip(right, left, strict=True)]


def _width(place: object) -> float:
    return WIDTH if isinstance(place, str) else THREAD


def _path(chain: list, middle: Mapping, level: Mapping) -> str:
    """An SVG path from the bottom of the first box through the gaps to the top of the last."""
    x, y = middle[chain[0]], level[chain[0]] * ROW + HEIGHT
    words = [f'M{x:.1f},{y:.1f}']
    for place in chain[1:]:
        to_x, to_y = middle[place], level[place] * ROW
        half = (y + to_y) / 2
        words.append(f'C{x:.1f},{half:.1f} {to_x:.1f},{half:.1f} {to_x:.1f},{to_y:.1f}')
        x, y = to_x, to_y
        if not isinstance(place, str):
            y += HEIGHT
            words.append(f'V{y:.1f}')
    return ''.join(words)
