"""Validation scores of a training's checkpoints, from its manifest, its log or the checkpoints themselves."""
import json
import os
import re
from collections.abc import Sequence
from pathlib import Path

from mmcomp.checkpoints.loading import load_checkpoint
from mmcomp.checkpoints.soup import training_step
from mmcomp.engine.hooks.checkpoint_manifest_hook import read_manifest
from mmcomp.errors import CheckpointError, did_you_mean, fault, shorten
from mmcomp.visualization.training_log import BOOKKEEPING, is_small_good

USUAL_KEY = 'accuracy/top1'


def top_members(paths: Sequence[str | os.PathLike], count: int, by: str | None = None) -> list[tuple[Path, float]]:
    """The checkpoints of the best validation scores, oldest first, and these scores.

    Args:
        paths: Checkpoints of a work folder.
        count: How many; of equal ones the newer.
        by: The key of the score, such as ``accuracy/top1``; may be left out
            where the log has one key, or that one.

    Raises:
        CheckpointError: If a checkpoint has no score, or there are fewer.
    """
    paths = [Path(path).expanduser() for path in paths]
    scored = {folder / row['file'] for folder in {path.parent for path in paths} for row in read_manifest(folder)}
    # Beside a manifest, what is not in it was not validated: a checkpoint between two validations, an earlier soup.
    paths = [path for path in paths if path in scored or not any(path.parent == one.parent for one in scored)]
    if not 1 <= count <= len(paths):
        raise CheckpointError(fault('--top', 'top', f'from 1 to {len(paths)}, the number of checkpoints', count,
                                    'Correct it.'))
    key, scores = checkpoint_scores(paths, by)
    sign = -1 if is_small_good(key) else 1
    best = sorted(range(len(paths)), key=lambda i: (sign * scores[i], i), reverse=True)[:count]
    return [(paths[i], scores[i]) for i in sorted(best)]


def checkpoint_scores(paths: Sequence[Path], by: str | None = None) -> tuple[str, list[float]]:
    """The key of the scores and the score of each checkpoint.

    Read from the ``checkpoints.json`` beside it, if ``CheckpointManifestHook``
    wrote one; else from the ``scalars.json`` below the checkpoint's folder, by the epoch
    or iteration in its name; for a ``best_*`` file that is not in the log, from
    the best score that it carries.
    """
    logs = {folder: logged_scores(folder) for folder in {path.parent for path in paths}}
    told = {folder: {row['file']: row['scores'] for row in read_manifest(folder)} for folder in logs}
    in_manifests = {key for rows in told.values() for scores in rows.values() for key in scores}
    key = _choose_key(sorted(in_manifests or {key for log in logs.values() for key in log}), by, paths)
    found = {path: told[path.parent].get(path.name, {}).get(key) if told[path.parent] else
             _score(path, logs[path.parent].get(key, {})) for path in paths}
    without = [path for path, score in found.items() if score is None]
    if without:
        raise CheckpointError(
            f'--top: no validation score `{key}` is known of {shorten(without)}. It is read from '
            '<work folder>/checkpoints.json, or else <work folder>/<time>/vis_data/scalars.json. Validate as often as '
            'checkpoints are saved, take --last N, or let --greedy CONFIG score them.')
    return key, [found[path] for path in paths]


def logged_scores(folder: Path) -> dict[str, dict[int, float]]:
    """Validation scores of a work folder by key and epoch (or iteration); the last of runs that did one again."""
    scores: dict[str, dict[int, float]] = {}
    for file in sorted(folder.glob('*/vis_data/scalars.json')):
        for line in file.read_text(encoding='utf-8', errors='replace').splitlines():
            try:
                row = json.loads(line)
            except ValueError:
                continue  # a line that a killed run left unfinished
            if isinstance(row, dict) and 'iter' not in row and isinstance(row.get('step'), int):
                for key in row.keys() - set(BOOKKEEPING):
                    if isinstance(row[key], int | float):
                        scores.setdefault(key, {})[row['step']] = float(row[key])
    return scores


def _choose_key(known: list[str], by: str | None, paths: Sequence[Path]) -> str:
    if by and known and by not in known:
        raise CheckpointError(f'--by: the log has no `{by}`.{did_you_mean(by, known)} It has {", ".join(known)}.')
    if by or len(known) == 1 or USUAL_KEY in known:
        return by or (known[0] if len(known) == 1 else USUAL_KEY)
    if known:
        raise CheckpointError(fault('--by', 'key', 'named where the log has several', ', '.join(known), 'Choose one.'))
    named = {re.match(r'best_(.+)_(epoch|iter)_\d+$', path.stem) for path in paths} - {None}
    return next(iter({match[1] for match in named}), USUAL_KEY)


def _score(path: Path, logged: dict[int, float]) -> float | None:
    step = training_step(path)
    if step in logged:
        return logged[step]
    if not path.name.startswith('best_'):
        return None  # the score that it carries is that of an earlier epoch
    hub = load_checkpoint(path, mmap=True).get('message_hub')
    info = hub.get('runtime_info') if isinstance(hub, dict) else None
    score = info.get('best_score') if isinstance(info, dict) else None
    return float(score) if isinstance(score, int | float) else None
