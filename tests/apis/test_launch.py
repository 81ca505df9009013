"""A process's place in its job, from the variables that each launcher sets."""
import multiprocessing
import os
import socket

import pytest
import torch
from torch import distributed

from mmcomp.apis import launch
from mmcomp.apis.launch import (
    LaunchEnv,
    choose_backend,
    default_launcher,
    device_index,
    expand_hostlist,
    host_names,
    init_dist,
    process_group,
    read_env,
)
from mmcomp.errors import LaunchError

TORCHRUN = dict(RANK='3', WORLD_SIZE='4', LOCAL_RANK='1', MASTER_ADDR='host1', MASTER_PORT='1234')
# As `srun -N2 -n4` set them on Slurm 22.05, on the second node of a job.
SRUN = dict(SLURM_JOB_ID='77', SLURM_STEP_ID='2', SLURM_PROCID='3', SLURM_LOCALID='0', SLURM_NTASKS='4',
            SLURM_STEP_NUM_TASKS='4', SLURM_NODELIST='node[1-2]', SLURM_STEP_NODELIST='node[1-2]')
MPIRUN = dict(OMPI_COMM_WORLD_RANK='1', OMPI_COMM_WORLD_SIZE='2', OMPI_COMM_WORLD_LOCAL_RANK='1',
              OMPI_COMM_WORLD_LOCAL_SIZE='2')


@pytest.mark.parametrize(('hostlist', 'hosts'), [
    ('node1', 'node1'),
    ('node[1-3,7]', 'node1 node2 node3 node7'),
    ('gpu-[08-11],login', 'gpu-08 gpu-09 gpu-10 gpu-11 login'),
    ('a1,b[2,4-5],c', 'a1 b2 b4 b5 c'),
    ('r[1-2]n[01-02].site', 'r1n01.site r1n02.site r2n01.site r2n02.site'),
])
def test_slurm_host_lists_expand(hostlist, hosts):
    assert expand_hostlist(hostlist) == hosts.split()


def test_scontrol_is_asked_where_it_is_installed(tmp_path, monkeypatch):
    fake = tmp_path / 'scontrol'
    fake.write_text('#!/bin/sh\n[ "$1 $2 $3" = "show hostnames x[1-2]" ] && printf "by\\nscontrol\\n"\n')
    fake.chmod(0o755)
    monkeypatch.setenv('PATH', f'{tmp_path}{os.pathsep}{os.environ["PATH"]}')
    assert host_names('x[1-2]') == ['by', 'scontrol']
    assert host_names('y[1-2]') == ['y1', 'y2'], 'one that fails is not believed'


@pytest.mark.parametrize(('launcher', 'env', 'place'), [
    ('none', TORCHRUN, LaunchEnv()),
    ('pytorch', TORCHRUN, LaunchEnv(3, 4, 1, 'host1', 1234)),
    ('slurm', SRUN, LaunchEnv(3, 4, 0, 'node1', 10000 + 77 * 16 + 2)),
    ('mpi', MPIRUN, LaunchEnv(1, 2, 1, '127.0.0.1', 29500)),
    ('mpi', dict(PMI_RANK='5', PMI_SIZE='8', MPI_LOCALRANKID='1', MPI_LOCALNRANKS='4', MASTER_ADDR='a',
                 MASTER_PORT='7'), LaunchEnv(5, 8, 1, 'a', 7)),
])
def test_each_launcher_is_read(launcher, env, place):
    assert read_env(launcher, env) == place


def test_a_step_on_a_part_of_the_job_has_its_own_first_host_and_size():
    env = dict(SRUN, SLURM_STEP_NODELIST='node2', SLURM_STEP_NUM_TASKS='1', SLURM_PROCID='0')
    place = read_env('slurm', env)
    assert (place.master_addr, place.world_size) == ('node2', 1)


def test_jobs_and_steps_that_share_a_host_get_ports_of_their_own():
    ports = {read_env('slurm', dict(SRUN, SLURM_JOB_ID=str(job), SLURM_STEP_ID=str(step))).master_port
             for job in range(4_000_000, 4_000_050) for step in range(10)}
    assert len(ports) == 500
    # The system hands out ports from 32768 on; those below 1024 need a root.
    assert min(ports) >= 10000 and max(ports) < 30000


@pytest.mark.parametrize(('launcher', 'env'), [('slurm', SRUN), ('mpi', dict(MPIRUN, PMIX_NAMESPACE='job-1'))])
def test_address_and_port_of_the_user_win(launcher, env):
    place = read_env(launcher, dict(env, MASTER_ADDR='mine', MASTER_PORT='4321'))
    assert (place.master_addr, place.master_port) == ('mine', 4321)


def test_mpi_jobs_get_ports_of_their_own():
    ports = [read_env('mpi', dict(MPIRUN, PMIX_NAMESPACE=name)).master_port for name in ('job-1', 'job-2', 'job-1')]
    assert ports[0] == ports[2] != ports[1]


@pytest.mark.parametrize(('launcher', 'env', 'words'), [
    ('pytorch', {}, '`RANK` must be set in the environment'),
    ('pytorch', dict(TORCHRUN, LOCAL_RANK=''), 'LOCAL_RANK'),
    ('pytorch', dict(TORCHRUN, WORLD_SIZE='two'), "`WORLD_SIZE` must be a whole number; got 'two'"),
    ('pytorch', dict(TORCHRUN, WORLD_SIZE='2'), 'below the 2 ranks'),
    ('slurm', TORCHRUN, 'tools/slurm_train.sh'),
    ('slurm', {k: v for k, v in SRUN.items() if 'STEP' not in k}, 'put `srun` before the command'),
    ('mpi', dict(MPIRUN, OMPI_COMM_WORLD_LOCAL_SIZE='1'), 'MASTER_ADDR'),
    ('slrum', {}, 'Did you mean `slurm`'),
])
def test_what_is_missing_is_named_with_the_remedy(launcher, env, words):
    with pytest.raises(LaunchError) as error:
        read_env(launcher, env)
    assert words in str(error.value)


def test_only_torchrun_is_recognised_unasked():
    assert default_launcher(dict(TORCHRUN, TORCHELASTIC_RUN_ID='x')) == 'pytorch'
    assert default_launcher(SRUN) == default_launcher(MPIRUN) == default_launcher({}) == 'none'


@pytest.mark.parametrize(('wish', 'gpus', 'backend'), [
    (None, 0, 'gloo'), (None, 2, 'nccl'), ('nccl', 0, 'gloo'), ('nccl', 1, 'nccl'), ('gloo', 2, 'gloo'),
    ('mpi', 0, 'mpi'), ('cpu:gloo,cuda:nccl', 0, 'gloo'),
])
def test_nccl_needs_a_gpu(wish, gpus, backend):
    assert choose_backend(wish, gpus) == backend


@pytest.mark.parametrize(('launcher', 'local_rank', 'gpus', 'index'), [
    ('pytorch', 3, 8, 3),
    ('slurm', 3, 4, 3),
    ('slurm', 3, 1, 0),  # --gpus-per-task=1: each task sees its own GPU as number 0
])
def test_the_gpu_of_a_process(launcher, local_rank, gpus, index):
    assert device_index(LaunchEnv(local_rank=local_rank, world_size=8), launcher, gpus) == index


@pytest.mark.parametrize(('launcher', 'local_rank', 'gpus'), [('pytorch', 1, 1), ('pytorch', 8, 8), ('slurm', 4, 4)])
def test_more_processes_than_gpus_are_refused(launcher, local_rank, gpus):
    with pytest.raises(LaunchError, match='NNODES=2'):
        device_index(LaunchEnv(local_rank=local_rank, world_size=16), launcher, gpus)


def test_nothing_is_joined_without_a_launcher():
    with process_group('none') as place:
        assert place == LaunchEnv() and not distributed.is_initialized()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        return free.getsockname()[1]


@pytest.fixture
def alone(monkeypatch):
    """The environment of a job with one process, restored afterwards."""
    for name in ('RANK', 'WORLD_SIZE', 'LOCAL_RANK', 'MASTER_ADDR', 'MASTER_PORT'):
        monkeypatch.setenv(name, 'set, so that it is restored')
    monkeypatch.setenv('MASTER_PORT', str(_free_port()))
    monkeypatch.setenv('MASTER_ADDR', '127.0.0.1')
    env = dict(SRUN, SLURM_PROCID='0', SLURM_STEP_NUM_TASKS='1', SLURM_LOCALID='5')
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(launch, 'gpu_count', lambda: 0)


def test_a_group_without_gpu_uses_gloo_and_is_left_at_the_end(alone, capsys):
    with process_group('slurm', backend='nccl', timeout_s=30):
        assert distributed.get_backend() == 'gloo'
        assert [os.environ[k] for k in ('RANK', 'WORLD_SIZE', 'LOCAL_RANK')] == ['0', '1', '5']
        with process_group('slurm'):
            pass
        assert distributed.is_initialized(), 'an outer group is left alone'
        init_dist('slurm')
    assert not distributed.is_initialized()
    assert capsys.readouterr().err.count('gloo instead of nccl') == 1


def _lose_rank_1(rank: int, port: int) -> None:
    os.environ.update(TORCHRUN, RANK=str(rank), WORLD_SIZE='2', MASTER_ADDR='127.0.0.1', MASTER_PORT=str(port))
    with process_group('pytorch', timeout_s=60):
        if rank == 1:
            raise ValueError('lost')
        distributed.all_reduce(torch.ones(1))


def test_a_rank_that_fails_does_not_leave_the_others_waiting():
    fork = multiprocessing.get_context('fork')
    port = _free_port()
    ranks = [fork.Process(target=_lose_rank_1, args=(rank, port)) for rank in (0, 1)]
    for rank in ranks:
        rank.start()
    for rank in ranks:
        rank.join(timeout=20)
    assert [rank.exitcode for rank in ranks] == [1, 1]
