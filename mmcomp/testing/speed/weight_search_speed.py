"""How long weights are searched: made-up members, and the plain way on dense tables beside ours."""
import os
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from mmcomp.errors import ConfigError, fault
from mmcomp.metrics.by_name import find_metric
from mmcomp.predictions.formats.headers import open_table
from mmcomp.predictions.tables import write_table
from mmcomp.predictions.weight_search.caruana import PATIENCE, caruana_weights
from mmcomp.predictions.weight_search.gathering import gather
from mmcomp.predictions.weight_search.objective import Objective
from mmcomp.predictions.weight_search.searching import make_search, search_weights
from mmcomp.structures import PredictionTable

STEPS = 100


def check_disk(folder: str | os.PathLike, need: int) -> None:
    """Refuse to begin where ``need`` bytes would not leave a tenth of the disk free."""
    disk = shutil.disk_usage(folder)
    if disk.free - need < disk.total / 10:
        raise ConfigError(fault('weight_search', '--dir', f'a disk with {need / 1e9:.1f} GB and a tenth of it to spare',
                                f'{disk.free / 1e9:.1f} GB free', 'Name another folder, or leave out --full.'))


def write_members(folder: Path, members: int, samples: int, classes: int,
                  seed: int = 0) -> tuple[list[Path], tuple[np.ndarray, np.ndarray]]:
    """Tables of probabilities whose errors are shared in part, and their ids and true classes."""
    rng = np.random.default_rng(seed)
    truth, ids = rng.integers(0, classes, samples), np.array([f'train/{i:07d}.jpg' for i in range(samples)])
    common = rng.standard_normal((samples, classes), dtype=np.float32)
    files = []
    for member in range(members):
        scores = .8 * common + .6 * rng.standard_normal((samples, classes), dtype=np.float32)
        scores[np.arange(samples), truth] += 3.2 + .8 * member / members
        scores *= 1.6
        np.exp(scores - scores.max(axis=1, keepdims=True), out=scores)
        scores /= scores.sum(axis=1, keepdims=True)
        files.append(folder / f'member{member}.pkl')
        write_table(PredictionTable(ids, scores), files[-1])
    return files, (ids, truth)


def dense_selection(tables: Sequence[np.ndarray], truth: np.ndarray, steps: int = STEPS) -> np.ndarray:
    """Greedy selection with replacement for accuracy as it is usually written: every try sums whole tables."""
    scores = [np.asarray(table, dtype=np.float64) for table in tables]
    alone = [(s.argmax(axis=1) == truth).mean() for s in scores]
    order = np.argsort(-np.array(alone), kind='stable')
    starts = [sum(scores[m] / (n + 1) for m in sorted(order[:n + 1])) for n in range(len(scores))]
    values = [(s.argmax(axis=1) == truth).mean() for s in starts]
    number = int(np.argmax(values)) + 1
    total, counts = starts[number - 1], np.bincount(order[:number], minlength=len(scores))
    best, best_value, last = counts / number, max(values), number
    while number < steps and number - last < PATIENCE:
        share = 1 / (number + 1)
        values = [(((1 - share) * total + share * s).argmax(axis=1) == truth).mean() for s in scores]
        chosen, number = int(np.argmax(values)), number + 1
        counts[chosen] += 1
        total = (1 - share) * total + share * scores[chosen]
        if values[chosen] > best_value:
            best, best_value, last = counts / number, values[chosen], number
    return best


def measure(files: Sequence[Path], known: tuple[np.ndarray, np.ndarray],
            dense_samples: int) -> tuple[list[tuple[str, float, float, float]], str]:
    """Rows of ``(step, seconds, CPU seconds, peak megabytes)`` and a sentence: what was kept, whether it is exact."""
    rows, ids, truth = [], *known
    samples = len(ids)

    def timed(name: str, work: Callable):
        result, *figures = watched(work)
        rows.append((name, *figures))
        return result

    tables = timed('open the tables: ids and headers', lambda: [open_table(file) for file in files])
    timed('read their scores once (the limit)', lambda: [_touch(table.scores) for table in tables])
    part = [table.take(np.arange(dense_samples)) for table in tables]
    # First, while no memory of other steps lies about to be used again.
    dense, *figures = watched(lambda: dense_selection([t.scores for t in part], truth[:dense_samples]))
    kept = {}
    for name in ('log_loss', 'accuracy', 'macro_f1'):
        kept[name] = timed(f'evidence for {name}, opening included', partial(gather, files, known, find_metric(name)))
        objective = Objective.of(kept[name])
        for search in ('simplex', 'caruana', 'coordinate'):
            timed(f'{name}, {search}', partial(make_search(search, STEPS), objective))
    for name, search in (('log_loss', 'simplex'), ('accuracy', 'caruana')):
        timed(f'{name}, {search}, five-fold nested, with each member\'s worth',
              partial(search_weights, kept[name], make_search(search, STEPS)))
    scaled = [figure * samples / dense_samples for figure in figures]
    rows.append((f'dense selection for accuracy, scaled from {dense_samples} samples', *scaled))
    ours = gather(part, (ids[:dense_samples], truth[:dense_samples]), find_metric('accuracy'))
    same = np.array_equal(caruana_weights(Objective.of(ours), STEPS), dense)
    entries = {name: kept[name].scores.values.shape[1] / samples for name in ('accuracy', 'macro_f1')}
    return rows, (f'Kept a sample: {entries["accuracy"]:.1f} classes for accuracy, {entries["macro_f1"]:.1f} for '
                  f'macro_f1. The dense weights are {"ours" if same else "NOT OURS"} on the {dense_samples} samples.')


def watched(work: Callable) -> tuple[object, float, float, float]:
    """Result, seconds, CPU seconds and peak growth of anonymous memory in MB; pages of mapped files do not count."""
    start_bytes, peak, stop = _anonymous(), [0], threading.Event()

    def look() -> None:
        while not stop.wait(.01):
            peak[0] = max(peak[0], _anonymous() - start_bytes)

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    start, cpu = time.perf_counter(), time.process_time()
    try:
        result = work()
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
        return result, seconds, cpu, max(peak[0], _anonymous() - start_bytes) / 1e6
    finally:
        stop.set()
        watcher.join()


def _anonymous() -> int:
    for line in Path('/proc/self/status').read_text(encoding='ascii').splitlines():
        if line.startswith('RssAnon:'):
            return 1024 * int(line.split()[1])
    return 0


def _touch(scores: np.ndarray) -> float:
    return sum(float(scores[start:start + 4096].sum()) for start in range(0, len(scores), 4096))
