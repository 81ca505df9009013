"""Joining a distributed job, whoever started it, with or without GPUs.

``read_env`` turns the environment of a launcher into a :class:`LaunchEnv`; it
is a pure function of a mapping, so every trap is tested without a cluster.
``init_dist`` acts on it. mmengine's Runner starts no process group of its own
when one exists, so its unconditional ``torch.cuda.set_device`` never runs.
"""
import os
import re
import shutil
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import torch
from torch import distributed

from mmcomp.errors import LaunchError, did_you_mean, fault
from mmcomp.teardown import skip_teardown

LAUNCHERS = ('none', 'pytorch', 'slurm', 'mpi')
_START = {
    'pytorch': 'Start with `tools/dist_train.sh CONFIG GPUS` or `torchrun --nproc-per-node=GPUS … --launcher pytorch`.',
    'slurm': 'Start with `tools/slurm_train.sh PARTITION JOB_NAME CONFIG WORK_DIR` or `srun … --launcher slurm`.',
    'mpi': 'Start with `mpirun -n RANKS … --launcher mpi`.',
}


@dataclass(frozen=True)
class LaunchEnv:
    """A process's place in its job.

    Args:
        rank: Number of this process among all of the job.
        world_size: How many processes the job has.
        local_rank: Number of this process among those of its host.
        master_addr: Host on which rank 0 runs.
        master_port: Port on which rank 0 listens.
    """
    rank: int = 0
    world_size: int = 1
    local_rank: int = 0
    master_addr: str = '127.0.0.1'
    master_port: int = 29500


# ---------------------------------------------------------------- reading the environment


def expand_hostlist(hostlist: str) -> list[str]:
    """Slurm's compressed host names in full: ``a[1-3,07],b`` -> ``a1 a2 a3 a07 b``."""
    hosts = []
    for word in re.findall(r'(?:[^,\[\]]|\[[^\]]*\])+', hostlist):
        hosts += _expand_word(word)
    return hosts


def _expand_word(word: str) -> list[str]:
    head, bracket, rest = word.partition('[')
    if not bracket:
        return [word]
    numbers, _, tail = rest.partition(']')
    expanded = []
    for part in numbers.split(','):
        first, dash, last = part.partition('-')
        if dash:
            expanded += [str(n).zfill(len(first)) for n in range(int(first), int(last) + 1)]
        else:
            expanded.append(first)
    return [head + number + end for number in expanded for end in _expand_word(tail)]


def host_names(hostlist: str) -> list[str]:
    """The hosts of a Slurm list, by ``scontrol`` where it is installed."""
    if shutil.which('scontrol'):
        done = subprocess.run(['scontrol', 'show', 'hostnames', hostlist], capture_output=True, text=True)
        if done.returncode == 0 and done.stdout.strip():
            return done.stdout.split()
    return expand_hostlist(hostlist)


def _first_set(env: Mapping[str, str], launcher: str, *names: str) -> str:
    """The value of the first of several variables that is set."""
    for name in names:
        if env.get(name):
            return env[name]
    raise LaunchError(fault(f'--launcher {launcher}', ' or '.join(names), 'set in the environment', None,
                            _START[launcher]))


def _number(env: Mapping[str, str], launcher: str, *names: str) -> int:
    value = _first_set(env, launcher, *names)
    if not value.isdecimal():
        raise LaunchError(fault(f'--launcher {launcher}', ' or '.join(names), 'a whole number', value,
                                _START[launcher]))
    return int(value)


def _read_pytorch(env: Mapping[str, str], expand: Callable) -> LaunchEnv:
    return LaunchEnv(
        rank=_number(env, 'pytorch', 'RANK'),
        world_size=_number(env, 'pytorch', 'WORLD_SIZE'),
        local_rank=_number(env, 'pytorch', 'LOCAL_RANK'),
        master_addr=_first_set(env, 'pytorch', 'MASTER_ADDR'),
        master_port=_number(env, 'pytorch', 'MASTER_PORT'))


def _read_slurm(env: Mapping[str, str], expand: Callable) -> LaunchEnv:
    size = _number(env, 'slurm', 'SLURM_STEP_NUM_TASKS', 'SLURM_NTASKS')
    if size > 1 and not env.get('SLURM_STEP_ID'):
        # In the body of a batch job these variables describe the job, but only one process runs.
        raise LaunchError(fault('--launcher slurm', 'SLURM_STEP_ID', 'set in the environment', None,
                                f'This process is the body of a job of {size} tasks, not one of them; '
                                f'put `srun` before the command. {_START["slurm"]}'))
    # The list of the job starts with another host when a step runs on a part of its hosts.
    address = env.get('MASTER_ADDR') or expand(_first_set(
        env, 'slurm', 'SLURM_STEP_NODELIST', 'SLURM_NODELIST', 'SLURM_JOB_NODELIST'))[0]
    # Jobs and steps that share a host need ports of their own, below the range the system hands out.
    job = _number(env, 'slurm', 'SLURM_JOB_ID', 'SLURM_JOBID')
    step = int(env['SLURM_STEP_ID']) if env.get('SLURM_STEP_ID') else 0
    port = _number(env, 'slurm', 'MASTER_PORT') if env.get('MASTER_PORT') else 10000 + (job * 16 + step) % 20000
    return LaunchEnv(
        rank=_number(env, 'slurm', 'SLURM_PROCID'), world_size=size,
        local_rank=_number(env, 'slurm', 'SLURM_LOCALID'), master_addr=address, master_port=port)


def _read_mpi(env: Mapping[str, str], expand: Callable) -> LaunchEnv:
    """Open MPI, else the variables of MPICH and Intel MPI."""
    size = _number(env, 'mpi', 'OMPI_COMM_WORLD_SIZE', 'PMI_SIZE')
    address = env.get('MASTER_ADDR')
    if not address:
        local_size = env.get('OMPI_COMM_WORLD_LOCAL_SIZE') or env.get('MPI_LOCALNRANKS')
        if local_size != str(size):
            raise LaunchError(fault('--launcher mpi', 'MASTER_ADDR', 'the host of rank 0 in a job of several hosts',
                                    None, 'Pass it on, e.g. `mpirun -x MASTER_ADDR=node1 …`.'))
        address = '127.0.0.1'
    job = env.get('PMIX_NAMESPACE') or env.get('OMPI_MCA_ess_base_jobid')
    port = 10000 + zlib.crc32(job.encode()) % 20000 if job else LaunchEnv.master_port
    return LaunchEnv(
        rank=_number(env, 'mpi', 'OMPI_COMM_WORLD_RANK', 'PMI_RANK'), world_size=size,
        local_rank=_number(env, 'mpi', 'OMPI_COMM_WORLD_LOCAL_RANK', 'MPI_LOCALRANKID'),
        master_addr=address, master_port=_number(env, 'mpi', 'MASTER_PORT') if env.get('MASTER_PORT') else port)


_READERS = {
    'none': lambda env, expand: LaunchEnv(), 'pytorch': _read_pytorch, 'slurm': _read_slurm, 'mpi': _read_mpi,
}  # yapf: disable


def read_env(launcher: str, env: Mapping[str, str],
             expand: Callable[[str], list[str]] = expand_hostlist) -> LaunchEnv:
    """This process's place in the job, as its launcher tells it.

    ``MASTER_ADDR`` and ``MASTER_PORT`` win over what would be derived from a
    Slurm or MPI job.

    Args:
        launcher: ``none``, ``pytorch``, ``slurm`` or ``mpi``.
        env: The environment variables.
        expand: Expands a Slurm host list.

    Raises:
        LaunchError: For an unknown launcher, or if it did not start this process.
    """
    if launcher not in _READERS:
        raise LaunchError(fault('--launcher', 'launcher', f'one of {", ".join(LAUNCHERS)}', launcher,
                                f'Name what starts the processes.{did_you_mean(launcher, LAUNCHERS)}'))
    found = _READERS[launcher](env, expand)
    if found.rank >= found.world_size:
        raise LaunchError(fault(f'--launcher {launcher}', 'rank', f'below the {found.world_size} ranks of the job',
                                found.rank, 'The environment mixes two launchers; name the one in use.'))
    return found


def default_launcher(env: Mapping[str, str]) -> str:
    """``pytorch`` for a process that torchrun started, else ``none``.

    Slurm and MPI are never guessed: their variables are also set where a
    process runs alone, as in the body of a batch job.
    """
    return 'pytorch' if env.get('TORCHELASTIC_RUN_ID') and env.get('RANK') else 'none'


# ---------------------------------------------------------------- acting on it


def gpu_count() -> int:
    """GPUs that this process can use."""
    return torch.cuda.device_count() if torch.cuda.is_available() else 0


def tell(message: str) -> None:
    """One line on stderr, from rank 0 alone."""
    if os.environ.get('RANK', '0') == '0':
        print(f'note: {message}', file=sys.stderr, flush=True)


def choose_backend(backend: str | None, gpus: int) -> str:
    """The communication backend for a host: ``nccl`` needs a GPU."""
    if gpus:
        return backend or 'nccl'
    return 'gloo' if backend is None or 'nccl' in backend else backend


def device_index(place: LaunchEnv, launcher: str, gpus: int) -> int:
    """Which of the visible GPUs a process takes.

    A process that sees one GPU takes it: Slurm and MPI can bind each task to
    its own, which then is number 0 whatever the local rank.

    Raises:
        LaunchError: If the host has fewer GPUs than the job put processes on it.
    """
    bound = gpus == 1 and launcher in ('slurm', 'mpi')
    if place.local_rank >= gpus and not bound:
        raise LaunchError(fault(
            f'--launcher {launcher}', 'processes per host', f'at most {gpus}, the GPUs visible here',
            place.local_rank + 1, 'Ask for fewer, add hosts (`NNODES=2 … tools/dist_train.sh CONFIG '
            f'{gpus}`, `GPUS_PER_NODE={gpus} tools/slurm_train.sh …`), or hide all GPUs with CUDA_VISIBLE_DEVICES=-1.'))
    return place.local_rank % gpus


def init_dist(launcher: str, backend: str | None = None, timeout_s: float | None = None) -> LaunchEnv:
    """Join the process group of the job; does nothing for launcher ``none`` or inside a group.

    Exports ``RANK``, ``WORLD_SIZE``, ``LOCAL_RANK`` (the index of this
    process's GPU where there are GPUs), ``MASTER_ADDR`` and ``MASTER_PORT``,
    which torch and mmengine read.

    Args:
        launcher: ``none``, ``pytorch``, ``slurm`` or ``mpi``; never guessed.
        backend: By default ``nccl`` with GPUs and ``gloo`` without. A wish for
            ``nccl`` on a host without GPU is answered with ``gloo``.
        timeout_s: Seconds after which a collective call gives up.

    Raises:
        LaunchError: See :func:`read_env` and :func:`device_index`.
    """
    place = read_env(launcher, os.environ, host_names)
    if launcher == 'none' or distributed.is_initialized():
        return place
    gpus = gpu_count()
    local_rank = device_index(place, launcher, gpus) if gpus else place.local_rank
    os.environ.update(RANK=str(place.rank), WORLD_SIZE=str(place.world_size), LOCAL_RANK=str(local_rank),
                      MASTER_ADDR=place.master_addr, MASTER_PORT=str(place.master_port))
    chosen = choose_backend(backend, gpus)
    if backend and chosen != backend:
        tell(f'no GPU here: the backend is {chosen} instead of {backend}.')
    if gpus:
        torch.cuda.set_device(local_rank)
    timeout = None if timeout_s is None else timedelta(seconds=timeout_s)
    distributed.init_process_group(chosen, rank=place.rank, world_size=place.world_size, timeout=timeout)
    skip_teardown()
    return place


@contextmanager
def process_group(launcher: str, backend: str | None = None, timeout_s: float | None = None) -> Iterator[LaunchEnv]:
    """:func:`init_dist`, and at a good end a barrier and a clean leave.

    A rank that fails waits for nobody: the error goes up, the process ends,
    and the launcher ends the others. A group that existed before is left alone.
    """
    ours = not distributed.is_initialized()
    yield init_dist(launcher, backend, timeout_s)
    if ours and distributed.is_initialized():
        # Without it gloo complains on ranks that are a little later than the first to leave.
        distributed.barrier()
        distributed.destroy_process_group()
