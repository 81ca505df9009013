"""Learning curves of all trainings, thinned."""
from collections import Counter
from typing import Any

import numpy as np

from mmcomp.errors import MMCompError
from mmcomp.recipes.report.work import Work, axes_text

POINTS, METRICS = 100, 3


def curves(work: Work) -> list[dict[str, Any]]:
    """The loss, and up to three metrics of validation, as ``key`` and ``runs`` of ``name, group, x, y``."""
    from mmcomp.visualization.training_log import read_log
    panels: dict[str, list[dict[str, Any]]] = {}
    points = POINTS if sum(i.type in ('Train', 'Pretrain') for i in work.items.values()) <= 30 else POINTS // 2
    for item in work.items.values():
        if item.type not in ('Train', 'Pretrain') or not any(item.folder.glob('**/scalars.json')):
            continue
        try:
            log = read_log(item.folder, item.name)
        except (MMCompError, OSError) as error:
            work.note(error)
            continue
        axes = {axis: value for axis, value in item.axes.items() if axis not in work.fold_axes(item)}
        group = ' · '.join(filter(None, (item.base, axes_text(axes))))
        for key, values in log.points.items():
            if key == 'loss' or '/' in key:
                x, y = thin(np.asarray(values, dtype=np.float64), points)
                panels.setdefault(key, []).append(dict(name=item.name, group=group, x=x, y=y))
    common = Counter({key: len(runs) for key, runs in panels.items() if key != 'loss'}).most_common(METRICS)
    return [dict(key=key, runs=panels[key]) for key in ['loss', *(key for key, _ in common)] if key in panels]


def thin(points: np.ndarray, count: int = POINTS) -> tuple[list[float], list[float]]:
    """The means of ``count`` equal stretches of a curve; a short one as it is.

    Args:
        points: ``(N, 2)`` of iteration and value; values that are not finite are left out.
        count: At most so many.
    """
    points = points[np.isfinite(points).all(axis=1)]
    parts = np.array_split(points, min(count, len(points))) if len(points) else []
    means = [part.mean(axis=0) for part in parts]
    return [round(float(x)) for x, _ in means], [float(f'{y:.5g}') for _, y in means]
