"""What a config holds, and what was rewritten of it."""
from collections.abc import Iterator


class Notes:
    """What was rewritten, a line for each kind of change."""

    def __init__(self):
        self._places: dict[str, list[str]] = {}

    def add(self, place: str, message: str) -> None:
        self._places.setdefault(message, []).append(place)

    def lines(self) -> list[str]:
        return [f'{places[0]}: {message}{f" (and {len(places) - 1} more)" if len(places) > 1 else ""}'
                for message, places in self._places.items()]


def dicts(node: object, place: str = '') -> Iterator[tuple[str, dict]]:
    """Every dict in ``node``, outer ones first, with its dotted place."""
    if isinstance(node, dict):
        yield place, node
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, (list, tuple)) else ()
    for key, child in children:
        yield from dicts(child, f'{place}.{key}' if place else str(key))
