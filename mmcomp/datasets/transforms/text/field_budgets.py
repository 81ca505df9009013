"""How many tokens each field of a text keeps where there is room for fewer than all."""
from collections.abc import Sequence


def in_order(lengths: Sequence[int], room: int) -> list[int]:
    """The first fields whole, as far as there is room."""
    kept = []
    for length in lengths:
        kept.append(min(length, room))
        room -= kept[-1]
    return kept


def by_quota(lengths: Sequence[int], room: int, quotas: Sequence[int]) -> list[int]:
    """Each up to its own quota, whatever the others leave."""
    return in_order([min(pair) for pair in zip(lengths, quotas, strict=True)], room)


def with_guarantee(lengths: Sequence[int], room: int, floors: Sequence[int]) -> list[int]:
    """Each at least its floor, if it has so many; what is left goes to the first fields that want more."""
    kept = by_quota(lengths, room, floors)
    more = in_order([length - own for length, own in zip(lengths, kept, strict=True)], room - sum(kept))
    return [own + extra for own, extra in zip(kept, more, strict=True)]


def longest_first(lengths: Sequence[int], room: int) -> list[int]:
    """Tokens taken one by one from the longest field, of equal ones from the last, until all have room.

    So every field is cut to one level, the first ones to one more where the
    room is no multiple of their number.
    """
    if sum(lengths) <= room:
        return list(lengths)
    left, kept = room, list(lengths)
    # From the shortest: it stays whole as long as it is below an even share of what is left.
    order = sorted(range(len(lengths)), key=lambda field: lengths[field])
    for done, field in enumerate(order):
        share = left // (len(order) - done)
        if lengths[field] > share:
            cut = sorted(order[done:])
            extra = left - share * len(cut)
            for place, other in enumerate(cut):
                kept[other] = share + (place < extra)
            break
        left -= lengths[field]
    return kept
