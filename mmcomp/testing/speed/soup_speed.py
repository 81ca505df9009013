"""Made-up training checkpoints, and ways to average them in processes of their own that are watched."""
import json
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

SWIN_L_WIDTH, DEPTHS = 192, (2, 2, 18, 2)
CHUNK = 1 << 22


def swin_shapes(width: int = SWIN_L_WIDTH) -> dict[str, tuple[int, ...]]:
    """Names and shapes of a Swin transformer; at the default width those of Swin-L, 197 M values."""
    shapes = {'backbone.patch_embed.projection.weight': (width, 3, 4, 4)}
    for stage, depth in enumerate(DEPTHS):
        d = width * 2**stage
        for block in range(depth):
            at = f'backbone.stages.{stage}.blocks.{block}'
            shapes |= {f'{at}.norm1.weight': (d, ), f'{at}.norm1.bias': (d, ), f'{at}.attn.qkv.weight': (3 * d, d),
                       f'{at}.attn.qkv.bias': (3 * d, ), f'{at}.attn.proj.weight': (d, d),
                       f'{at}.attn.proj.bias': (d, ), f'{at}.norm2.weight': (d, ), f'{at}.norm2.bias': (d, ),
                       f'{at}.ffn.0.weight': (4 * d, d), f'{at}.ffn.0.bias': (4 * d, ),
                       f'{at}.ffn.1.weight': (d, 4 * d), f'{at}.ffn.1.bias': (d, )}
        if stage < len(DEPTHS) - 1:
            shapes[f'backbone.stages.{stage}.downsample.weight'] = (2 * d, 4 * d)
    return shapes | {'head.fc.weight': (1000, d), 'head.fc.bias': (1000, )}


def write_checkpoints(folder: Path, count: int, width: int) -> list[Path]:
    """Write training checkpoints: weights, then AdamW's two moments, as a Runner orders them."""
    generator = torch.Generator().manual_seed(0)
    base = {name: torch.randn(shape, generator=generator) for name, shape in swin_shapes(width).items()}
    paths = [folder / f'epoch_{epoch}.pth' for epoch in range(1, count + 1)]
    for epoch, path in enumerate(paths, 1):
        state = {name: tensor * (1 + .01 * epoch) for name, tensor in base.items()}
        moments = {i: dict(step=torch.tensor(float(epoch)), exp_avg=t * .1, exp_avg_sq=t * .01)
                   for i, t in enumerate(state.values())}
        with open(path, 'wb') as file:
            torch.save({'meta': {'epoch': epoch}, 'state_dict': state, 'optimizer': {'state': moments}}, file)
            os.fsync(file.fileno())
        del state, moments
    return paths


# ---------------------------------------------------------------- ways, each run in its own process


def published(paths: Sequence[Path], out: Path) -> None:
    """Load whole checkpoints one after the other, add, divide: the published loop."""
    total = None
    for path in paths:
        state = torch.load(path, map_location='cpu', weights_only=True)['state_dict']
        if total is None:
            total = state
        else:
            for name in total:
                total[name] = total[name] + state[name]
    torch.save({'state_dict': {name: tensor / len(paths) for name, tensor in total.items()}}, out)


def float64(paths: Sequence[Path], out: Path) -> None:
    """Load whole checkpoints, keep sums in float64, round at the end: as timm's avg_checkpoints does."""
    total, first = {}, None
    for path in paths:
        state = torch.load(path, map_location='cpu', weights_only=True)['state_dict']
        first = first or state
        for name, tensor in state.items():
            if name in total:
                total[name] += tensor.to(torch.float64)
            else:
                total[name] = tensor.to(torch.float64)
    torch.save({'state_dict': {name: (t / len(paths)).to(first[name].dtype) for name, t in total.items()}}, out)


def ours(paths: Sequence[Path], out: Path) -> None:
    """As the tool does it; the suffix of ``out`` decides the format."""
    from mmcomp.checkpoints.members import open_members
    from mmcomp.checkpoints.soup import as_shares, write_soup
    write_soup(open_members(paths), as_shares(None, len(paths)), out)


def mean_alone(paths: Sequence[Path], out: Path) -> None:
    """The mean, not written."""
    from mmcomp.checkpoints.members import open_members
    from mmcomp.checkpoints.soup import as_shares, mix_one
    members = open_members(paths)
    for name in members[0].tensors:
        mix_one(name, members, as_shares(None, len(members)))


def read_once(paths: Sequence[Path], out: Path) -> None:
    """Read the bytes of the model's tensors into one small buffer."""
    buffer = bytearray(CHUNK)
    for path in paths:
        with open(path, 'rb', buffering=0) as file:
            for begin, end in weight_ranges(path):
                file.seek(begin)
                while begin < end:
                    begin += file.readinto(memoryview(buffer)[:end - begin])


def read_and_write(paths: Sequence[Path], out: Path) -> None:
    """What :func:`read_once` reads, and zeros as long as one model written and flushed."""
    read_once(paths, out)
    left, zeros = sum(end - begin for begin, end in weight_ranges(paths[0])), bytes(CHUNK)
    with open(out, 'wb', buffering=0) as file:
        while left > 0:
            left -= file.write(zeros[:left])
        os.fsync(file.fileno())


def weight_ranges(path: Path) -> Iterator[tuple[int, int]]:
    """Where the model's tensors lie in a file of :func:`write_checkpoints`: records 0, 1, …"""
    with zipfile.ZipFile(path) as archive, open(path, 'rb') as file:
        records = {record.filename.rpartition('/data/')[2]: record for record in archive.infolist()}
        for number in range(len(swin_shapes())):
            record = records[str(number)]
            file.seek(record.header_offset + 26)
            name, extra = (int.from_bytes(file.read(2), 'little') for _ in range(2))
            begin = record.header_offset + 30 + name + extra
            yield begin, begin + record.file_size


WAYS = {way.__name__: way for way in (published, float64, ours, mean_alone, read_once, read_and_write)}
# These read the optimizer's tensors, too.
WHOLE = ('published', 'float64')


# ---------------------------------------------------------------- watching


@dataclass(frozen=True)
class Cost:
    """What a way took.

    Args:
        seconds: From the first open to the last byte written, without starting Python.
        cpu: Of these, at work in Python or the kernel, all threads together.
        anonymous: Peak of memory that is no file's, in bytes, over what Python and torch take.
        read: Bytes that came from the disk.
    """
    seconds: float
    cpu: float
    anonymous: int
    read: int


def watch(way: str, paths: Sequence[Path], out: Path, cold: bool) -> Cost:
    """Run a way in a fresh process, with the files out of the page cache or in it."""
    if cold:
        for path in paths:
            drop_from_cache(path)
    elif way in WHOLE:
        for path in paths:
            _touch(path)
    else:
        read_once(paths, out)
    words = [sys.executable, '-m', 'mmcomp.testing.speed.soup_speed', way, str(out), *map(str, paths)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        process.stdout.readline()  # it has imported torch
        before, peak = _anonymous(process.pid), 0
        process.stdin.write('go\n')
        process.stdin.flush()
        os.set_blocking(process.stdout.fileno(), False)
        while not (line := process.stdout.readline()) and process.poll() is None:
            peak = max(peak, _anonymous(process.pid))
            time.sleep(.005)
    if not line:
        raise RuntimeError(f'{way} ended with status {process.returncode}')
    found = json.loads(line)
    return Cost(found['seconds'], found['cpu'], max(peak - before, 0), found['read'])


def drop_from_cache(path: Path) -> None:
    """Ask the kernel to forget a file's pages."""
    with open(path, 'rb') as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _touch(path: Path) -> None:
    with open(path, 'rb', buffering=0) as file:
        while file.read(CHUNK):
            pass


def _anonymous(pid: int) -> int:
    try:
        lines = Path(f'/proc/{pid}/status').read_text().splitlines()
    except OSError:
        return 0
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith('RssAnon')), 0)


def _from_disk() -> int:
    lines = Path('/proc/self/io').read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith('read_bytes'))


def _run(way: str, out: str, *paths: str) -> None:
    """What :func:`watch` starts."""
    import mmcomp.checkpoints.soup  # noqa: F401, so that imports are not timed
    print('ready', flush=True)
    sys.stdin.readline()
    read, start, cpu = _from_disk(), time.perf_counter(), time.process_time()
    WAYS[way]([Path(p) for p in paths], Path(out))
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    print(json.dumps(dict(seconds=seconds, cpu=cpu, read=_from_disk() - read)), flush=True)


if __name__ == '__main__':
    _run(*sys.argv[1:])
