"""Jobs on prediction tables of the real size, each in a process of its own: seconds, memory, bytes.

A job is a function ``job(folder)`` that works on ``00.pkl`` … or ``00.table``
… there; :data:`JOBS` lists them. To measure another one, write the function and
add its row.
"""
import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmcomp.structures.prediction_table import PredictionTable

READ_BYTES = 8 << 20
SAMPLE_SECONDS = .02


@dataclass
class Measured:
    """What a job took: seconds, those of the processors, greatest anonymous memory and bytes of system calls."""
    seconds: float
    cpu: float
    memory: int
    moved: int


@dataclass(frozen=True)
class Job:
    """A row of the table: what is done, how, and whether it is ours or a peer's."""
    what: str
    how: str
    run: Callable[[Path], object]
    ours: bool = True


def write_members(folder: Path, members: int, rows: int, columns: int) -> int:
    """Members as mapped tables, and as pickles with one more file each; returns the bytes of one."""
    from mmcomp.predictions.formats.table_stream import TableStream, placeholder
    from mmcomp.predictions.tables import write_table
    ids, classes = [f'test/{i:06d}.jpg' for i in range(rows)], tuple(f'{c:04d}' for c in range(columns))
    base = np.random.default_rng(0).random((2000, columns), dtype=np.float32) ** 8
    base /= base.sum(axis=1, keepdims=True)
    for at in range(members):
        def blocks(at=at):
            for start in range(0, rows, 1000):
                first = (37 * at + start // 8) % 1000
                yield base[first:first + min(1000, rows - start)]
        head = PredictionTable(ids, placeholder(rows, columns, np.float32), 'probability', classes)
        write_table(TableStream(head, blocks), folder / f'{at:02d}.table')
    return 4 * rows * columns


def write_pickles(folder: Path, published: bool) -> None:
    """Ours of each mapped table, and, where asked, the published list of dicts beside it."""
    from mmcomp.predictions.formats.headers import open_table
    from mmcomp.predictions.tables import write_table
    for path in sorted(folder.glob('[0-9][0-9].table')):
        table = open_table(path)
        write_table(table, path.with_suffix('.pkl'))
        if published:
            rows = [dict(filename=i, scores=np.array(s)) for i, s in zip(table.ids.tolist(), table.scores, strict=True)]
            with open(path.with_suffix('.list'), 'wb') as file:
                pickle.dump(rows, file)


def read_once(folder: Path) -> None:
    """The limit: all bytes of the mapped tables, one file after the other, into one buffer."""
    buffer = bytearray(READ_BYTES)
    for path in sorted(folder.glob('[0-9][0-9].table/scores.npy')):
        with open(path, 'rb', buffering=0) as file:
            while file.readinto(buffer):
                pass


def ensemble_mapped(folder: Path) -> None:
    """Ours: mapped members, a mapped result."""
    _ensemble(folder, '.table', 'result.table')


def ensemble_pickles(folder: Path) -> None:
    """Ours: pickled members, a pickled result."""
    _ensemble(folder, '.pkl', 'result.pkl')


def ensemble_labels(folder: Path) -> None:
    """Ours: mapped members, only the labels."""
    from mmcomp.predictions.ensembles.ensembling import ensemble_stream
    from mmcomp.predictions.formats.table_stream import top_classes
    top_classes(ensemble_stream(sorted(folder.glob('[0-9][0-9].table'))))


def ensemble_geometric(folder: Path) -> None:
    """Ours: the geometric mean of mapped members, mapped."""
    _ensemble(folder, '.table', 'result.table', method='geometric')


def _ensemble(folder: Path, form: str, out: str, **how) -> None:
    from mmcomp.predictions.ensembles.ensembling import ensemble_stream
    from mmcomp.predictions.tables import write_table
    write_table(ensemble_stream(sorted(folder.glob(f'[0-9][0-9]{form}')), **how), folder / out)


def ensemble_published(folder: Path) -> None:
    """The peer: each file a pickled list of dicts, added into a dict sample by sample, pickled as a dict."""
    total, members = {}, sorted(folder.glob('[0-9][0-9].list'))
    for path in members:
        with open(path, 'rb') as file:
            rows = pickle.load(file)
        for row in rows:
            scores = row['scores'] / len(members)
            name = row['filename']
            total[name] = total[name] + scores if name in total else scores
    with open(folder / 'result.list', 'wb') as file:
        pickle.dump(total, file)


def ensemble_numpy(folder: Path) -> None:
    """A peer: ``numpy.load`` of each array, a weighted sum, ``numpy.save``; joined by row, nothing checked."""
    members, total = sorted(folder.glob('[0-9][0-9].table/scores.npy')), 0
    for path in members:
        total = total + np.load(path) * np.float32(1 / len(members))
    np.save(folder / 'result.npy', total)


def read_pickle_ours(folder: Path) -> None:
    """One of our pickles, looked through and read."""
    from mmcomp.predictions.tables import read_table
    read_table(folder / '00.pkl')


def read_list_ours(folder: Path) -> None:
    """One published list of dicts, looked through, read and made a table."""
    from mmcomp.predictions.tables import read_table
    (folder / 'list.pkl').unlink(missing_ok=True)
    os.link(folder / '00.list', folder / 'list.pkl')
    read_table(folder / 'list.pkl')


def read_list_plain(folder: Path) -> None:
    """The peer: ``pickle.load`` of a published list, and its rows stacked."""
    with open(folder / '00.list', 'rb') as file:
        np.stack([row['scores'] for row in pickle.load(file)])


JOBS = {
    'limit': Job('ensemble', 'limit: all members read once', read_once, ours=False),
    'published': Job('ensemble', 'published: pickled lists, sample by sample', ensemble_published, ours=False),
    'numpy': Job('ensemble', 'numpy.load, sum, numpy.save', ensemble_numpy, ours=False),
    'mapped': Job('ensemble', 'ours, .table to .table', ensemble_mapped),
    'pickles': Job('ensemble', 'ours, .pkl to .pkl', ensemble_pickles),
    'labels': Job('ensemble', 'ours, .table to labels', ensemble_labels),
    'geometric': Job('geometric mean', 'ours, .table to .table', ensemble_geometric),
    'list-plain': Job('read one list', 'pickle.load and stack', read_list_plain, ours=False),
    'list-ours': Job('read one list', 'ours, only numbers', read_list_ours),
    'pickle-ours': Job('read one .pkl', 'ours, only numbers', read_pickle_ours),
}
NEEDS_LISTS = ('published', 'list-plain', 'list-ours')


def forget(folder: Path) -> None:
    """Take the files out of the page cache, so that a job has to get them from the disk, as it must at full size."""
    os.sync()
    for path in filter(Path.is_file, folder.rglob('*')):
        with open(path, 'rb') as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def measure(name: str, folder: Path, warm: bool = False) -> Measured:
    """Run a job in a fresh process; the time is that of the job, without imports.

    Its files come from the disk, or, if ``warm``, from the page cache that the
    same job has left a moment ago.

    Memory is the greatest ``RssAnon`` of ``/proc/PID/status``, looked at every
    20 ms: pages that no file backs. Mapped pages and the page cache, which the
    system takes back when it needs them, are not in it. Bytes moved are those
    of read and write calls (``rchar`` and ``wchar`` of ``/proc/PID/io``).
    """
    forget(folder)
    code = 'import sys; from mmcomp.testing.speed.table_speed import alone; alone(*sys.argv[1:])'
    words = [sys.executable, '-c', code, name, str(folder)]
    for _ in range(1 + warm):
        result = subprocess.run(words, check=True, capture_output=True, text=True)
    seconds, cpu, memory, moved = result.stdout.split()[-4:]
    return Measured(float(seconds), float(cpu), int(memory), int(moved))


def alone(name: str, folder: str) -> None:
    """What the process of :func:`measure` does."""
    import mmcomp.predictions.ensembles.ensembling  # noqa: F401  its import is not part of the job
    most, done = [0], threading.Event()

    def watch() -> None:
        while not done.wait(SAMPLE_SECONDS):
            most[0] = max(most[0], _status('RssAnon'))
    watcher = threading.Thread(target=watch)
    before, moved = _status('RssAnon'), _moved()
    watcher.start()
    start, cpu = time.perf_counter(), time.process_time()
    JOBS[name].run(Path(folder))
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    done.set()
    watcher.join()
    print(seconds, cpu, max(0, max(most[0], _status('RssAnon')) - before), _moved() - moved)


def _status(key: str) -> int:
    for line in Path('/proc/self/status').read_text().splitlines():
        if line.startswith(f'{key}:'):
            return 1024 * int(line.split()[1])
    return 0


def _moved() -> int:
    counts = dict(line.split(': ') for line in Path('/proc/self/io').read_text().splitlines())
    return int(counts['rchar']) + int(counts['wchar'])


def medians(names: Sequence[str], folder: Path, rounds: int, warm: bool = False) -> dict[str, Measured]:
    """Jobs by turns, so that what disturbs the machine disturbs all; medians of seconds, greatest memory."""
    found: dict[str, list[Measured]] = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            found[name].append(measure(name, folder, warm))
    return {name: Measured(*(float(np.median([getattr(m, key) for m in runs])) for key in ('seconds', 'cpu')),
                           max(m.memory for m in runs), runs[-1].moved) for name, runs in found.items()}


def markdown(found: dict[str, Measured], table_bytes: int) -> str:
    """Rows of a table: seconds, over the limit, memory in MiB and in tables, gigabytes moved."""
    lines = ['| job | way | seconds | over the limit | CPU seconds | memory, MiB | memory, tables | GB moved |',
             '|---|---|---|---|---|---|---|---|']
    for name, one in found.items():
        job = JOBS[name]
        over = f'{one.seconds / found["limit"].seconds:.2f}' if 'limit' in found and 'ensemble' in job.what else ''
        lines.append(f'| {job.what} | {job.how} | {one.seconds:.2f} | {over} | {one.cpu:.2f} | '
                     f'{one.memory / 2**20:.0f} | {one.memory / table_bytes:.2f} | {one.moved / 1e9:.2f} |')
    return '\n'.join(lines)
