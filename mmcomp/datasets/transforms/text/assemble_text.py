"""Several fields as one text."""
from collections.abc import Mapping, Sequence

import numpy as np

from mmcomp.datasets.transforms.text.field_budgets import by_quota, in_order, longest_first, with_guarantee
from mmcomp.datasets.truncation import truncate
from mmcomp.errors import ConfigError, DataError, did_you_mean, fault
from mmcomp.registry import TRANSFORMS

POLICIES = ('concat', 'quota', 'priority', 'longest_first', 'guarantee')
SIDES = dict(head=1., tail=0., head_tail=.5)


@TRANSFORMS.register_module()
class AssembleText:
    """Token ids of fields, such as title, speech and overlaid text, put together under a limit.

    Takes ``fields``, ``{name: (L,) ids}`` without special tokens, and
    ``around`` (:class:`mmcomp.datasets.token_fields.Around`). Gives ``tokens``
    ``(L,)`` int32, special tokens included. Nothing is tokenised here.

    Args:
        max_length: Most tokens, special ones included; None for no limit.
        fields: Names in order, by default all as they come.
        policy: What is cut where there are more: ``concat``, the end of the
            whole; ``priority``, fields in turn, the last of ``priority`` first;
            ``quota``, each to its budget; ``guarantee``, each keeps its budget
            and the first ones may have what others leave; ``longest_first``,
            always the longest field.
        budgets: Tokens by field, of ``quota`` and ``guarantee``.
        priority: Fields from the most important on, by default as in ``fields``.
        sides: What of a field stays: ``head``, ``tail`` or ``head_tail``, half
            of each; for all or by field. By default the head.
        separate: Put the separator between fields, empty ones too.

    Raises:
        ConfigError: If options are unknown or do not fit together.
    """

    def __init__(self, max_length: int | None = 258, fields: Sequence[str] | None = None, policy: str = 'concat',
                 budgets: Mapping[str, int] | None = None, priority: Sequence[str] | None = None,
                 sides: str | Mapping[str, str] = 'head', separate: bool = False):
        if policy not in POLICIES:
            raise ConfigError(fault('AssembleText', 'policy', f'one of {POLICIES}', policy,
                                    f'Correct it.{did_you_mean(policy, POLICIES)}'))
        if (budgets is not None) != (policy in ('quota', 'guarantee')) or (priority and policy != 'priority'):
            raise ConfigError(fault('AssembleText', 'budgets, priority', 'with the policies that use them, `quota` and '
                                    '`guarantee`, `priority`', (budgets, priority, policy), 'Correct the config.'))
        if (max_length is not None and max_length < 1) or min((budgets or {'': 0}).values()) < 0:
            raise ConfigError(fault('AssembleText', 'max_length, budgets', 'above 0, and not below it',
                                    (max_length, budgets), 'Correct the config.'))
        given = set(sides.values() if isinstance(sides, Mapping) else [sides])
        if not given <= SIDES.keys():
            raise ConfigError(fault('AssembleText', 'sides', f'of {tuple(SIDES)}', sides, 'Correct the config.'))
        self.max_length, self.fields, self.policy, self.separate = max_length, fields, policy, separate
        self.budgets, self.priority, self.sides = budgets, priority, sides

    def __call__(self, results: dict) -> dict:
        around, fields = results['around'], results['fields']
        names = self._names(fields)
        kept = self._kept(names, [len(fields[name]) for name in names], self._room(len(names), around))
        between = around.separator if self.separate else around.separator[:0]
        pieces = [around.before]
        for place, (name, number) in enumerate(zip(names, kept)):
            pieces += [between] * (place > 0) + [truncate(fields[name], number, self._share(name))]
        whole = np.concatenate([*pieces, around.after], dtype=np.int32)
        results['tokens'] = whole if len(whole) else np.array([around.stand_in], np.int32)
        return results

    def lengths(self, lengths: Mapping[str, np.ndarray], around) -> np.ndarray:
        """Tokens of many samples, special ones included, ``(N,)`` int32, from those of their fields ``(N,)`` each."""
        names = self._names(lengths)
        room, own = self._room(len(names), around), [lengths[name] for name in names]
        if self.policy == 'quota':
            own = [length.clip(max=self.budgets[name]) for name, length in zip(names, own)]
        total = np.minimum(np.sum(own, axis=0, dtype=np.int64), room)
        return (total + self._overhead(len(names), around)).clip(min=1).astype(np.int32)

    def _overhead(self, fields: int, around) -> int:
        return len(around.before) + len(around.after) + self.separate * (fields - 1) * len(around.separator)

    def _room(self, fields: int, around) -> int:
        """Tokens that fields may have together."""
        if self.max_length is None:
            return 1 << 40
        room = self.max_length - self._overhead(fields, around)
        needed = sum(self.budgets.values()) if self.policy == 'guarantee' else 1
        if room < needed:
            raise ConfigError(fault('AssembleText', 'max_length', f'at least {self.max_length - room + needed}, the '
                                    'special tokens and what fields are promised', self.max_length, 'Raise it.'))
        return room

    def _names(self, fields: Mapping) -> list[str]:
        names = list(self.fields or fields)
        asked = [*names, *(self.priority or ()), *(self.budgets or ()),
                 *(self.sides if isinstance(self.sides, Mapping) else ())]
        unknown = [name for name in asked if name not in fields]
        lacking = [name for name in names if (self.budgets and name not in self.budgets)
                   or (self.priority and name not in self.priority)]
        if unknown or lacking:
            raise DataError(fault('AssembleText', 'fields', f'those of the data set ({", ".join(fields)}), each with '
                                  'its budget or priority', unknown or lacking, 'Correct the config.'))
        return names

    def _share(self, name: str) -> float:
        return SIDES[self.sides if isinstance(self.sides, str) else self.sides.get(name, 'head')]

    def _kept(self, names: list[str], lengths: list[int], room: int) -> list[int]:
        if self.policy == 'longest_first':
            return longest_first(lengths, room)
        if self.policy in ('quota', 'guarantee'):
            way = by_quota if self.policy == 'quota' else with_guarantee
            return way(lengths, room, [self.budgets[name] for name in names])
        order = [names.index(name) for name in self.priority] if self.priority else range(len(names))
        kept = dict(zip(order, in_order([lengths[field] for field in order], room)))
        return [kept[field] for field in range(len(names))]
