"""What each step added, and what the whole run came to."""
from collections.abc import Sequence
from typing import Any

from mmcomp.errors import MMCompError
from mmcomp.metrics.bootstrap import bootstrap_interval
from mmcomp.recipes.report import measured
from mmcomp.recipes.report.results import Results, score_of
from mmcomp.recipes.report.work import Item, Work
from mmcomp.recipes.state import read_json

FIELDS = ('name', 'accuracy', 'error')


def ladders(work: Work) -> list[dict[str, Any]]:
    """The steps of every score, each a dict of a :class:`mmcomp.recipes.ladder.Rung`."""
    found = []
    for item in work.done('Score'):
        rungs = read_json(item.first('ladder')) if item.first('ladder') else []
        rungs = [r for r in rungs if isinstance(r, dict) and all(r.get(name) is not None for name in FIELDS)]
        if rungs:
            found.append(dict(stage=item.name, rungs=rungs))
    return found


def headline(work: Work, results: Results, board: list[dict[str, Any]], steps: list[dict[str, Any]],
             judges: Sequence[measured.Judge] = ()) -> dict[str, Any]:
    """The few numbers a reader looks for first; those that are not known are None.

    Returns:
        ``final`` and ``gain`` over the first step with intervals, ``submission``, ``best`` row of the leaderboard.
    """
    final, gain = measured.headline(work, judges) if judges else _scored(work, results)
    if final is None and steps:
        last = steps[-1]['rungs'][-1]
        final = dict(value=last['accuracy'], low=None, high=None, samples=None, note='', name=last['name'])
    best = next((dict(name=row['name'], **row[key]) | dict(on=key) for key in ('test', 'oof', 'val')
                 for row in board if row[key] is not None), None)
    return dict(final=final, gain=gain, best=best, submission=_submission(work))


def _scored(work: Work, results: Results) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """The last score's last step, and its gain over the first one, sample by sample."""
    truth = results.truth
    if truth is None or truth.item.state != 'done':
        return None, None
    steps = [(name, pair[0]) for name, leaf in truth.item.settings.get('steps', {}).items()
             if (pair := work.of(leaf)) is not None]
    rights = [(name, right) for name, item in steps
              if (right := results.right(item, truth.ids, truth.labels)) is not None]
    if not rights or rights[-1][0] != steps[-1][0]:
        return None, None
    (first, before), (last, after) = rights[0], rights[-1]
    final = dict(score_of(after), name=last)
    if len(rights) < 2:
        return final, None
    difference = after.astype(float) - before
    low, high = bootstrap_interval(difference)
    return final, dict(value=float(difference.mean()), low=low, high=high, over=first)


def _submission(work: Work) -> dict[str, Any] | None:
    """File, rows, classes and hash of the last submission."""
    from mmcomp.predictions.labels.label_files import read_labels
    made: list[Item] = list(work.done('Submit*'))
    if not made:
        return None
    item, path = made[-1], made[-1].first('submission')
    files = item.record.get('outputs', {}).get('submission', {}).get('files') or [{}]
    found = dict(stage=item.name, file=str(path.relative_to(work.path)), sha256=files[0].get('sha256', ''), rows=None,
                 classes=None)
    try:
        ids, names = read_labels(path)
    except (MMCompError, OSError, UnicodeDecodeError) as error:
        work.note(error)
        return found
    return found | dict(rows=len(ids), classes=len(set(names)) if item.type == 'Submit' else None)
