"""Re-distribution of one large table, each way in a process of its own: seconds and memory."""
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from mmcomp.structures import PredictionTable

READ_BYTES, SAMPLE_SECONDS = 8 << 20, .02
EACH, FLOOR = 18, 16


def write_predictions(path: Path, classes: int, seed: int = 0) -> None:
    """A mapped table of 18 samples a class, written block by block."""
    from mmcomp.predictions.formats.table_stream import TableStream, placeholder
    from mmcomp.predictions.tables import write_table
    samples = EACH * classes
    leaning = np.random.default_rng(seed).standard_normal(classes, dtype=np.float32) * np.float32(.7)

    def blocks():
        rng = np.random.default_rng(seed + 1)
        for start in range(0, samples, 1000):
            number = min(1000, samples - start)
            logits = leaning + np.float32(1.3) * rng.standard_normal((number, classes), dtype=np.float32)
            truth = np.arange(start, start + number) % classes
            logits[np.arange(number), truth] += rng.uniform(4, 9, number).astype(np.float32)
            np.exp(logits - logits.max(axis=1, keepdims=True), out=logits)
            yield logits / logits.sum(axis=1, keepdims=True)
    head = PredictionTable([f'{i:06d}.jpg' for i in range(samples)], placeholder(samples, classes, np.float32),
                           'probability', tuple(f'{c:04d}' for c in range(classes)))
    write_table(TableStream(head, blocks), path)


def published_greedy(path: Path) -> np.ndarray:
    """A plain rendering of the published way: a dict of rows, and one sort of all samples for each short class."""
    table = _open(path)
    scores = {name: np.array(row) for name, row in zip(table.ids.tolist(), table.scores, strict=True)}
    predicted = {name: int(row.argmax()) for name, row in scores.items()}
    counts = np.bincount(list(predicted.values()), minlength=table.scores.shape[1])
    by_count: dict[int, list[int]] = {}
    for c, count in enumerate(counts.tolist()):
        if count < FLOOR:
            by_count.setdefault(count, []).append(c)
    labels = dict(predicted)
    for count, short in by_count.items():
        for c in short:
            column = [(0. if predicted[name] == c else float(row[c]), name) for name, row in scores.items()]
            for _, name in sorted(column, key=lambda item: -item[0])[:FLOOR - count]:
                labels[name] = c
    return np.array(list(labels.values()))


def read_once(path: Path) -> None:
    """The limit: the bytes of the table, through one buffer."""
    buffer = bytearray(READ_BYTES)
    with open(path / 'scores.npy', 'rb', buffering=0) as file:
        while file.readinto(buffer):
            pass


def _open(path: Path) -> PredictionTable:
    from mmcomp.predictions.formats.headers import open_table
    return open_table(path)


def _way(**kwargs) -> Callable[[Path], np.ndarray]:
    def run(path: Path) -> np.ndarray:
        from mmcomp.predictions.counts.redistribution import redistribution
        return redistribution(_open(path), **kwargs).labels
    return run


JOBS = {
    'limit': ('limit: the table read once', read_once),
    'published': (f'published greedy, sample by sample, K {FLOOR}', published_greedy),
    'greedy': (f'greedy, K {FLOOR}', _way(floor=FLOOR)),
    'default': ('default: sinkhorn, strength by evidence', _way()),
    'sinkhorn': ('sinkhorn', _way(method='sinkhorn')),
    'assignment': (f'assignment, {EACH} a class', _way(method='assignment')),
    'bounds': ('assignment, 12 to 24 a class', _way(counts=(12, 24))),
}


def measure(name: str, path: Path) -> tuple[float, float, int, float]:
    """Seconds, those of the processor, greatest anonymous memory in bytes, and accuracy of a way in a fresh process.

    The time is that of the job, without imports. On a busy machine the seconds
    of the processor say more. Mapped pages, which the system
    takes back when it needs them, do not count as memory.
    """
    code = 'import sys; from mmcomp.testing.speed.redistribution_speed import alone; alone(*sys.argv[1:])'
    result = subprocess.run([sys.executable, '-c', code, name, str(path)], check=True, capture_output=True, text=True)
    seconds, processor, memory, accuracy = result.stdout.split()[-4:]
    return float(seconds), float(processor), int(memory), float(accuracy)


def alone(name: str, path: str) -> None:
    """What the process of :func:`measure` does."""
    import scipy.sparse.csgraph  # noqa: F401  imports are not part of the job

    import mmcomp.predictions.counts.redistribution  # noqa: F401
    most, done = [0], threading.Event()

    def watch() -> None:
        while not done.wait(SAMPLE_SECONDS):
            most[0] = max(most[0], _anonymous())
    watcher, before = threading.Thread(target=watch), _anonymous()
    watcher.start()
    start, spent = time.perf_counter(), time.process_time()
    labels = JOBS[name][1](Path(path))
    seconds, processor = time.perf_counter() - start, time.process_time() - spent
    done.set()
    watcher.join()
    classes = None if labels is None else len(labels) // EACH
    accuracy = np.nan if labels is None else (labels == np.arange(len(labels)) % classes).mean()
    print(seconds, processor, max(0, most[0] - before), accuracy)


def _anonymous() -> int:
    for line in Path('/proc/self/status').read_text().splitlines():
        if line.startswith('RssAnon:'):
            return 1024 * int(line.split()[1])
    return 0
