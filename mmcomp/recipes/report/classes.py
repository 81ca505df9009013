"""Classes: those that are predicted worst, with samples, and their counts before and after re-distribution."""
from pathlib import Path
from typing import Any

import numpy as np

from mmcomp.metrics.bootstrap import wilson_upper
from mmcomp.recipes.instance import leaves
from mmcomp.recipes.report.results import Results, final_item
from mmcomp.recipes.report.thumbnails import thumbnail
from mmcomp.recipes.report.work import Work

WORST, SAMPLES, MISTAKEN = 10, 4, 3
FOLDERS_INSIDE = ('', 'train', 'val', 'test', 'images')


def worst_classes(work: Work, results: Results) -> dict[str, Any] | None:
    """The classes that surely do worst, by the upper end of Wilson's interval of their accuracy.

    Judged are the final labels where the truth is known, else the pooled
    out-of-fold predictions of the best model, else those of the longest
    validation list.
    """
    found = _judged(work, results)
    if found is None:
        return None
    what, ids, predicted, truth, names = found
    roots = image_roots(work)
    rows = [dict(row, images=_samples(work, roots, names, ids, predicted, truth, row['label']))
            for row in rank_classes(predicted, truth)[:WORST] if row['right'] < row['count']]
    for row in rows:
        row['name'] = _name(names, row['label'])
        row['mistaken'] = [(_name(names, label), count) for label, count in row['mistaken']]
    return dict(what=what, total=len(np.unique(truth)), rows=rows)


def rank_classes(predicted: np.ndarray, truth: np.ndarray) -> list[dict[str, Any]]:
    """Counts of every class that occurs, the worst first.

    Args:
        predicted: ``(N,)`` labels, -1 for none.
        truth: ``(N,)`` labels.
    """
    size = int(max(predicted.max(), truth.max())) + 1
    count = np.bincount(truth, minlength=size)
    right = np.bincount(truth[predicted == truth], minlength=size)
    present = np.flatnonzero(count)
    order = present[np.lexsort((present, -count[present], wilson_upper(right[present], count[present])))]
    rows = []
    for label in order[:WORST]:
        wrong = predicted[(truth == label) & (predicted != label)]
        often = np.bincount(wrong[wrong >= 0], minlength=size)
        worst = [int(i) for i in np.argsort(-often, kind='stable')[:MISTAKEN] if often[i]]
        rows.append(dict(label=int(label), count=int(count[label]), right=int(right[label]),
                         mistaken=[(i, int(often[i])) for i in worst]))
    return rows


def _judged(work: Work, results: Results):
    """``(what, ids, predicted, truth, class names)``."""
    truth, item = results.truth, final_item(work, results.truth)
    if truth and item:
        predicted = results.against(item, truth.ids)
        if predicted is not None:
            return f'test samples, labels of {item.name}', truth.ids, predicted, truth.labels, truth.classes
    entries = {entry.name: entry for entry in results.entries()}
    held = [row for row in results.board() if row['oof'] is not None]
    if held:
        # The note tells of folds that are missing.
        name = max(held, key=lambda row: (not row['oof']['note'], row['oof']['value']))['name']
        names = results.class_names(next(iter(entries[name].held.values())))
        return f'held-back training samples, {name}', *results.out_of_fold(entries[name]), names
    for entry in entries.values():
        for item in entry.val:
            rows = results.listed(item.settings.get('ann'))
            predicted = None if rows is None else results.against(item, rows[0])
            if predicted is not None:
                return f'validation samples, {entry.name}', rows[0], predicted, rows[1], results.class_names(item)
    return None


def _name(names: list[str], label: int) -> str:
    return names[label] if 0 <= label < len(names) else f'class {label}' if label >= 0 else 'no class'


def _samples(work: Work, roots: list[Path], names: list[str], ids: list[str], predicted: np.ndarray,
             truth: np.ndarray, label: int) -> list[dict[str, str]]:
    """Small pictures of a class's wrong samples."""
    found = []
    for row in np.flatnonzero((truth == label) & (predicted != label))[:3 * SAMPLES]:
        path = next((root / ids[row] for root in roots if (root / ids[row]).is_file()), None)
        uri = thumbnail(path) if path is not None else None
        if uri:
            found.append(dict(uri=uri, id=str(ids[row]), said=_name(names, int(predicted[row]))))
        if len(found) == SAMPLES:
            break
    return found


def image_roots(work: Work) -> list[Path]:
    """Folders that settings name, and what usually lies inside."""
    roots: dict[Path, None] = {}
    for item in work.items.values():
        named = [leaf for _, leaf in leaves(item.settings)]
        paths = [path for leaf in dict.fromkeys(map(str, named)) if (path := work.path_of(leaf)) is not None]
        paths += [item.output(name) for name, (kind, _) in item.outputs.items() if kind == 'folder']
        roots |= {path / inside: None for path in paths if path.is_dir() for inside in FOLDERS_INSIDE
                  if (path / inside).is_dir()}
    return list(roots)


def class_counts(work: Work, results: Results) -> list[dict[str, Any]]:
    """For every re-distribution the samples a class before and after it, ``(C,)`` integers each in label order."""
    found = []
    for item in work.done('Redistribute'):
        tables = work.many(item, 'table')
        before = results.labels(tables[0]) if tables else None
        after = None if before is None else results.against(item, list(before.ids))
        if after is None:
            continue
        size = max(len(results.class_names(item)), len(before.classes or ()), int(before.labels.max()) + 1)
        found.append(dict(stage=item.name, samples=len(after), changed=int((after != before.labels).sum()),
                          before=np.bincount(before.labels, minlength=size).tolist(),
                          after=np.bincount(after[after >= 0], minlength=size).tolist()))
    return found
