"""What mmengine wrote down during training, read back run by run."""
import json
import os
from dataclasses import dataclass
from pathlib import Path

from mmcomp.errors import DataError, did_you_mean, fault

# In mmengine's log, but of a log line and not of the training.
BOOKKEEPING = ('step', 'iter', 'epoch', 'time', 'data_time', 'memory')
SMALL_IS_GOOD = ('loss', 'err', 'perplexity', 'distance')


@dataclass(frozen=True)
class TrainingLog:
    """The scalars of one run.

    Args:
        name: How tables and legends call it.
        points: For each key its ``(iteration, value)`` pairs in order.
        seconds: Training time, without validation.
        iterations: Iterations logged.
    """
    name: str
    points: dict[str, list[tuple[int, float]]]
    seconds: float
    iterations: int

    def last(self, key: str) -> float | None:
        return self.points[key][-1][1] if key in self.points else None

    def best(self, key: str) -> tuple[int, float] | None:
        """Iteration and value where the key was best."""
        choose = min if is_small_good(key) else max
        return choose(self.points[key], key=lambda point: point[1]) if key in self.points else None


def is_small_good(key: str) -> bool:
    """Whether less is better, as for losses and error rates."""
    return any(part in key.lower() for part in SMALL_IS_GOOD)


def find_scalars(path: str | os.PathLike) -> list[Path]:
    """The ``scalars.json`` of a work folder, one for each time it was started, oldest first.

    Raises:
        DataError: If there is none.
    """
    path = Path(path).expanduser()
    if path.is_file():
        return [path]
    files = sorted(path.glob('**/scalars.json')) if path.is_dir() else []
    if not files:
        raise DataError(fault(path, 'LOG', 'a scalars.json or a work folder with one below it', path.name,
                              'mmengine writes it to <work dir>/<time>/vis_data/.'))
    return files


def read_log(path: str | os.PathLike, name: str | None = None) -> TrainingLog:
    """Read a run. Where it was resumed, the later log replaces what it did again.

    A last line that a killed run left unfinished is passed over.

    Args:
        path: A ``scalars.json``, or a work folder.
        name: Defaults to the path as given.

    Raises:
        DataError: If a line is not JSON.
    """
    rows = []
    for lines in (run for file in find_scalars(path) for run in _runs(_lines(file))):
        later = _place(lines, rows)
        rows = [row for row in rows if not later or _order(row) < _order(later[0])] + later
    points: dict[str, list[tuple[int, float]]] = {}
    seconds = iterations = 0
    for at, row in rows:
        if 'iter' in row:
            seconds += row.get('time', 0.) * max(at - iterations, 0)
            iterations = max(at, iterations)
        for key in row.keys() - set(BOOKKEEPING):
            if isinstance(row[key], int | float):
                points.setdefault(key, []).append((at, float(row[key])))
    return TrainingLog(name or str(path), points, seconds, iterations)


def _lines(file: Path) -> list[dict]:
    lines = file.read_text(encoding='utf-8', errors='replace').splitlines()
    rows = []
    for number, line in enumerate(lines, 1):
        try:
            rows.append(json.loads(line))
        except ValueError as error:
            if number < len(lines):
                raise DataError(f'{file}, line {number}: not JSON ({error}). Is it a log of mmengine?') from None
    return [row for row in rows if isinstance(row, dict)]


def _runs(rows: list[dict]) -> list[list[dict]]:
    """Rows of a file by run: folders are named by the second, so runs that began in one second share a file."""
    runs, last = [[]], 0
    for row in rows:
        if row.get('iter', last + 1) <= last:
            runs.append([])
        last = row.get('iter', last)
        runs[-1].append(row)
    return runs


def _place(rows: list[dict], before: list[tuple[int, dict]]) -> list[tuple[int, dict]]:
    """Give each row an iteration. Validation rows count in epochs, so they get that of the training row before them;
    where a resumed run begins with one, that of the epoch's last row in the runs ``before``."""
    placed, at = [], None
    for row in rows:
        if 'iter' in row:
            at = int(row['iter'])
        step = int(row.get('step', 0))
        known = [place for place, old in before if old.get('epoch', step + 1) <= step] if at is None else []
        placed.append((at if at is not None else max(known, default=step), row))
    return placed


def _order(placed: tuple[int, dict]) -> tuple[int, bool]:
    """Training rows come before the validation at the same iteration."""
    return placed[0], 'iter' not in placed[1]


def choose_keys(logs: list[TrainingLog], wanted: list[str] | None = None) -> list[str]:
    """The keys to show: those asked for, else everything logged but learning rates.

    Raises:
        DataError: If no run has a key that is asked for.
    """
    known = sorted({key for log in logs for key in log.points})
    for key in wanted or ():
        if key not in known:
            raise DataError(f'--keys: no run logged `{key}`.{did_you_mean(key, known)} Logged: {", ".join(known)}.')
    return list(wanted) if wanted else [key for key in known if not key.endswith('lr')]
