"""Predicted classes of the stages' tables and label files, and what they can be compared with."""
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mmcomp.annotations import read_list
from mmcomp.errors import MMCompError
from mmcomp.metrics.bootstrap import bootstrap_interval
from mmcomp.recipes.report.work import Item, Work, axes_text

ROWS_AT_ONCE = 4096


@dataclass(frozen=True)
class Labels:
    """Predicted classes ``(N,)`` by sample id, -1 for an unknown class, and class names if there are any."""
    ids: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Truth:
    """Known classes of a test set and where they are from."""
    item: Item
    ids: list[str]
    labels: np.ndarray
    classes: list[str]


@dataclass
class Entry:
    """A row of the leaderboard: a model or ensemble with its instances by what they predict."""
    name: str
    kind: str
    held: dict[str, Item] = field(default_factory=dict)
    val: list[Item] = field(default_factory=list)
    test: list[Item] = field(default_factory=list)
    folds: int = 0


class Results:
    """Reads each result once.

    Args:
        work: The work folder.
    """

    def __init__(self, work: Work):
        self.work = work
        self._known: dict[str, Labels | None] = {}
        self.truths = [truth for item in work.items.values() if item.type == 'Score'
                       if (truth := self._truth(item)) is not None]

    @property
    def truth(self) -> Truth | None:
        """That of the last score."""
        return self.truths[-1] if self.truths else None

    def _truth(self, item: Item) -> Truth | None:
        ann, classes = (self.work.path_of(item.settings.get(name)) for name in ('truth', 'classes'))
        if ann is None or classes is None:
            return None
        try:
            return Truth(item, *read_list(ann), classes.read_text(encoding='utf-8').splitlines())
        except (MMCompError, OSError, UnicodeDecodeError) as error:
            return self.work.note(error)

    def labels(self, item: Item) -> Labels | None:
        """The classes that an instance's table or label file gives, or None where it can't be read."""
        if item.name not in self._known:
            try:
                self._known[item.name] = self._read(item)
            except (MMCompError, OSError) as error:
                self._known[item.name] = self.work.note(error)
        return self._known[item.name]

    def _read(self, item: Item) -> Labels | None:
        from mmcomp.predictions.formats.headers import open_table
        from mmcomp.predictions.joining import find_rows
        from mmcomp.predictions.labels.label_files import read_labels
        if (path := item.first('table')) is not None:
            table = open_table(path)
            return Labels(table.ids, top_classes(table.scores), table.classes)
        if (path := item.first('labels')) is None:
            return None
        ids, names = read_labels(path)
        classes = self.class_names(item)
        return Labels(ids, find_rows(names, classes), tuple(classes))

    def class_names(self, item: Item) -> list[str]:
        """Names in label order: those of the truth, else of the nearest table behind an instance."""
        if self.truth:
            return self.truth.classes
        from mmcomp.predictions.formats.headers import open_table
        for other in reversed(self.work.ancestors(item)):
            if other.state == 'done' and (path := other.first('table')) is not None:
                return list(open_table(path).class_names)
        return []

    def against(self, item: Item, ids: list[str]) -> np.ndarray | None:
        """The classes that an instance gives to ``ids``, in that order; None if it lacks any."""
        from mmcomp.predictions.joining import match_rows
        found = self.labels(item)
        if found is None or len(found.ids) < len(ids):
            return None
        try:
            return found.labels[match_rows(ids, found.ids, item.name)]
        except MMCompError:
            return None

    def right(self, item: Item, ids: list[str], truth: np.ndarray) -> np.ndarray | None:
        """Whether an instance is right on each sample, ``(N,)`` bools."""
        labels = self.against(item, ids)
        return None if labels is None else labels == truth

    def listed(self, reference: Any) -> tuple[list[str], np.ndarray] | None:
        """Ids and classes of an annotation list that a setting names."""
        path = self.work.path_of(reference)
        try:
            return read_list(path) if path is not None and path.is_file() else None
        except MMCompError as error:
            return self.work.note(error)

    # ------------------------------------------------------------ who is on the leaderboard

    def entries(self) -> list[Entry]:
        """Rows in the order of the plan."""
        found: dict[tuple, Entry] = {}
        for item in self.work.done():
            kind = {'Predict': 'model', 'Ensemble': 'ensemble', 'Redistribute': 'labels'}.get(item.type, 'other')
            lists = {str(ann) for ann in self.lists_behind(item)}
            if not {'table', 'labels'} & {k for k, _ in item.outputs.values()} or len(lists) != 1:
                continue
            key, name = self._who(item)
            entry = found.setdefault(key, Entry(name, kind))
            self._place(entry, item, self.lists_behind(item)[0])
        return [entry for entry in found.values() if entry.held or entry.val or entry.test]

    def lists_behind(self, item: Item) -> list[Any]:
        """What was predicted: a setting ``ann`` of each prediction behind a table, None for a folder."""
        if item.type == 'Predict':
            return [item.settings.get('ann')]
        tables = [*self.work.many(item, 'tables'), *self.work.many(item, 'table')]
        if not tables and item.first('table'):
            return [None]
        return list(dict.fromkeys(ann for table in tables for ann in self.lists_behind(table)))

    def _who(self, item: Item) -> tuple[tuple, str]:
        """What stays the same over folds, and how to call it."""
        pair = self.work.of(item.settings.get('model')) if item.type == 'Predict' else None
        owner = pair[0] if pair else item
        folds = self.work.fold_axes(item)
        axes = {axis: value for axis, value in owner.axes.items() if axis not in folds}
        extras = [('views', item.settings.get('tta')), ('priors off', item.settings.get('tau'))] if pair else []
        words = [owner.base, axes_text(axes), *(word for word, on in extras if on)]
        return ((owner.base, axes_text(axes), *(str(on or '') for _, on in extras)),
                ' · '.join(filter(None, words)))

    def _place(self, entry: Entry, item: Item, ann: Any) -> None:
        pair = self.work.of(ann)
        if pair and pair[0].type == 'Split' and pair[1] == 'val':
            entry.held[pair[0].name] = item
            entry.folds = sum(other.base == pair[0].base for other in self.work.items.values())
        elif ann is None or any(ann == truth.item.settings.get('truth') for truth in self.truths):
            entry.test.append(item)
        elif ann not in [other.settings.get('ann') for other in self.work.ancestors(item) if other is not item
                         and other.type in ('Train', 'Pretrain')]:
            entry.val.append(item)

    # ------------------------------------------------------------ their scores

    def out_of_fold(self, entry: Entry) -> tuple[list[str], np.ndarray, np.ndarray] | None:
        """Ids, predicted and true classes of all held-back rows pooled."""
        ids, predicted, known = [], [], []
        for split, item in entry.held.items():
            rows = self.listed(f'@{split}.val')
            labels = None if rows is None else self.against(item, rows[0])
            if labels is not None:
                ids += rows[0]
                predicted.append(labels)
                known.append(rows[1])
        return (ids, np.concatenate(predicted), np.concatenate(known)) if ids else None

    def validated(self, entry: Entry) -> np.ndarray | None:
        """Whether, or how often in the mean, each validation row is right."""
        lists = [(item, self.listed(item.settings.get('ann') or self.lists_behind(item)[0])) for item in entry.val]
        lists = [(item, rows) for item, rows in lists if rows is not None]
        return self._mean([self.right(item, *rows) for item, rows in lists if rows[0] == lists[0][1][0]])

    def tested(self, entry: Entry) -> np.ndarray | None:
        """Whether, or how often in the mean over folds, each test sample is right."""
        truth = self.truth
        return self._mean([self.right(item, truth.ids, truth.labels) for item in entry.test]) if truth else None

    @staticmethod
    def _mean(rights: list[np.ndarray | None]) -> np.ndarray | None:
        rights = [right for right in rights if right is not None]
        return np.mean(rights, axis=0) if rights else None

    def board(self) -> list[dict[str, Any]]:
        """Rows with their scores, the best first."""
        rows = []
        for entry in self.entries():
            pooled = self.out_of_fold(entry)
            whole = len(entry.held) == entry.folds
            rows.append(dict(
                name=entry.name, kind=entry.kind, stages=sorted({i.base for i in self._items(entry)}),
                oof=score_of(None if pooled is None else pooled[1] == pooled[2],
                             '' if whole else f'{len(entry.held)} of {entry.folds} folds'),
                val=score_of(self.validated(entry)) or self._recorded(entry),
                test=score_of(self.tested(entry), f'mean of {len(entry.test)}' if len(entry.test) > 1 else '')))
        def rank(row):
            return [row[key] is not None and row[key]['value'] for key in ('test', 'oof', 'val')]
        return sorted(rows, key=rank, reverse=True)

    @staticmethod
    def _items(entry: Entry) -> list[Item]:
        return [*entry.held.values(), *entry.val, *entry.test]

    def _recorded(self, entry: Entry) -> dict[str, Any] | None:
        """The score that a table itself holds, where its list is gone."""
        from mmcomp.predictions.formats.headers import read_header
        for item in entry.val:
            try:
                value = read_header(item.first('table'))['origin'].get('val_score')
            except MMCompError:
                continue
            if isinstance(value, int | float):
                return dict(value=float(value), low=None, high=None, samples=None, note='as recorded')
        return None


def score_of(right: np.ndarray | None, note: str = '') -> dict[str, Any] | None:
    """Mean and 95 % bootstrap interval of right and wrong over samples."""
    if right is None or not len(right):
        return None
    low, high = bootstrap_interval(right)
    return dict(value=float(np.mean(right)), low=low, high=high, samples=len(right), note=note)


def top_classes(scores: np.ndarray) -> np.ndarray:
    """``argmax`` of each row, some thousand rows at a time: scores may be mapped from a file of gigabytes."""
    blocks = [scores[at:at + ROWS_AT_ONCE].argmax(axis=1) for at in range(0, len(scores), ROWS_AT_ONCE)]
    return np.concatenate(blocks) if blocks else np.zeros(0, dtype=np.int64)


def final_item(work: Work, truth: Truth | None) -> Item | None:
    """What is handed in: the last step that is scored, else what the last submission was made from."""
    steps = list(work.many(truth.item, 'steps')) if truth else []
    for submit in reversed(list(work.done('Submit'))):
        steps = steps or work.many(submit, 'predictions')
    return steps[-1] if steps and steps[-1].state == 'done' else None
