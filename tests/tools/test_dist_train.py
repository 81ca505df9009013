"""dist_train.sh and dist_test.sh: the words they pass on, and one real run on two processes."""
import os
import socket
import subprocess
import sys

import pytest
import torch

from mmcomp.apis.config import load_config
from mmcomp.apis.training import train
from mmcomp.checkpoints.loading import load_checkpoint
from mmcomp.testing.toy_training import write_toy_config

WORDS = ['--cfg-options', 'a=[1, 2]', 'b=x y']
FAKE = '#!/bin/bash\nprintf "%s\\n" "share=${TORCH_DISABLE_SHARE_RDZV_TCP_STORE:-}" "$@"\n' \
    'echo "grace=$TORCH_ELASTIC_SHUTDOWN_TIMEOUT" >&2\n'
VARIABLES = ('NNODES', 'NODE_RANK', 'MASTER_ADDR', 'PORT', 'MAX_RESTARTS', 'PYTHON', 'CUDA_VISIBLE_DEVICES',
             'TORCH_ELASTIC_SHUTDOWN_TIMEOUT')


@pytest.fixture
def call(tmp_path, root):
    """Run a script with a ``python`` that prints its words and so many GPUs."""
    (tmp_path / 'python').write_text(FAKE)
    (tmp_path / 'python').chmod(0o755)

    def run(script, *args, gpus=None, shell=(), **env):
        shown = [f'echo "GPU {n}: x"' for n in range(gpus or 0)]
        (tmp_path / 'nvidia-smi').write_text('\n'.join(['#!/bin/bash', *shown]))
        (tmp_path / 'nvidia-smi').chmod(0o755)
        clean = {k: v for k, v in os.environ.items() if k not in VARIABLES}
        env = dict(clean, PATH=f'{tmp_path}:{os.environ["PATH"]}', **{k: str(v) for k, v in env.items()})
        return subprocess.run([*shell, root / 'tools' / script, *map(str, args)], env=env,
                              capture_output=True, text=True)
    return run


def words(done) -> list[str]:
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_words_arrive_whole(call, root):
    got = words(call('dist_train.sh', 'my config.py', 2, *WORDS))
    script = got.index(str(root / 'tools' / 'train.py'))
    assert got[:3] == ['share=', '-m', 'mmcomp.agent']
    assert {'--nproc-per-node=2', '--nnodes=1', '--standalone'} <= set(got[:script])
    assert got[script + 1:] == ['my config.py', *WORDS, '--launcher', 'pytorch']


def test_dist_test_has_its_gpus_third(call, root):
    got = words(call('dist_test.sh', 'c.py', 'x y.pth', 4, '--out', 'a.pkl', shell=['sh']))
    assert '--nproc-per-node=4' in got
    assert got[-7:] == [str(root / 'tools' / 'test.py'), 'c.py', 'x y.pth', '--out', 'a.pkl', '--launcher', 'pytorch']


@pytest.mark.parametrize(('env', 'expected', 'absent'), [
    (dict(PORT=1234), ['--master-port=1234', '--master-addr=127.0.0.1'], '--standalone'),
    (dict(NNODES=2, NODE_RANK=1, MASTER_ADDR='n1'),
     ['--nnodes=2', '--node-rank=1', '--master-addr=n1', '--master-port=29500'], '--standalone'),
    (dict(MAX_RESTARTS=2), ['share=1', '--max-restarts=2', '--standalone'], '--master-port=29500'),
    (dict(NNODES=2, MASTER_ADDR='n1', MAX_RESTARTS=1, PORT=7),
     ['share=1', '--rdzv-backend=c10d', '--rdzv-endpoint=n1:7'], '--node-rank=0'),
])
def test_variables_choose_how_processes_meet(call, env, expected, absent):
    got = words(call('dist_train.sh', 'c.py', 8, **env))
    assert set(expected) <= set(got) and absent not in got


def test_ranks_have_time_to_save_after_a_signal(call):
    assert 'grace=120' in call('dist_train.sh', 'c.py', 1).stderr
    assert 'grace=9' in call('dist_train.sh', 'c.py', 1, TORCH_ELASTIC_SHUTDOWN_TIMEOUT=9).stderr


def test_restarts_without_resume_are_warned_of(call):
    assert 'add --resume' in call('dist_train.sh', 'c.py', 1, MAX_RESTARTS=1).stderr
    assert 'add --resume' not in call('dist_train.sh', 'c.py', 1, '--resume', MAX_RESTARTS=1).stderr


@pytest.mark.parametrize(('gpus', 'env', 'asked', 'said'), [
    (8, {}, 16, 'NNODES=2 NODE_RANK=0 MASTER_ADDR=FIRST_HOST PORT=29500 tools/dist_train.sh … 8 …'),
    (8, {}, 12, 'on 2 hosts'),
    (8, dict(CUDA_VISIBLE_DEVICES='0,3'), 3, 'at most 2, the GPUs of this host'),
    (0, {}, 'two', "must be a whole number, the GPUs per node; got 'two'"),
    (0, dict(NNODES=2), 1, 'MASTER_ADDR must name the host'),
])
def test_what_a_host_cannot_do_is_said(call, gpus, env, asked, said):
    done = call('dist_train.sh', 'c.py', asked, gpus=gpus, **env)
    assert done.returncode == 2 and said in done.stderr and not done.stdout


@pytest.mark.parametrize(('gpus', 'env'), [(0, {}), (2, {}), (1, dict(CUDA_VISIBLE_DEVICES='')),
                                           (1, dict(CUDA_VISIBLE_DEVICES='-1'))])
def test_a_host_without_gpus_runs_any_number_of_processes(call, gpus, env):
    assert '--nproc-per-node=2' in words(call('dist_train.sh', 'c.py', 2, gpus=gpus, **env))


@pytest.mark.parametrize(('script', 'args', 'status'), [
    ('dist_train.sh', ['--help'], 0), ('dist_train.sh', ['c.py'], 2), ('dist_test.sh', ['c.py', 'x.pth'], 2)])
def test_usage_teaches_with_examples(call, script, args, status):
    done = call(script, *args)
    assert done.returncode == status and 'examples:' in done.stderr and f'tools/{script} configs/' in done.stderr


def state(path) -> dict:
    return load_checkpoint(path)['state_dict']


RANKS = """
_base_ = ['toy.py']
custom_imports = dict(imports=['rank_weights'])
custom_hooks = [dict(type='RankWeightsHook')]
env_cfg = dict(dist_cfg=dict(backend='nccl', timeout=200))
"""
RANK_WEIGHTS = """
import torch
from mmengine.hooks import Hook
from mmcomp.registry import HOOKS


@HOOKS.register_module()
class RankWeightsHook(Hook):
    def after_train(self, runner):
        torch.save(runner.model.module.state_dict(), f'{runner.work_dir}/rank_{runner.rank}.pth')
"""


DEADLY = """
_base_ = ['toy.py']
custom_imports = dict(imports=['die_once'])
custom_hooks = [dict(type='DieOnceHook')]
"""
DIE_ONCE = """
import os, signal
from mmengine.hooks import Hook
from mmcomp.registry import HOOKS


@HOOKS.register_module()
class DieOnceHook(Hook):
    def after_train_iter(self, runner, *args, **kwargs):
        if runner.rank == 1 and runner.iter == 5 and os.environ['TORCHELASTIC_RESTART_COUNT'] == '0':
            os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(scope='module')
def toy(tmp_path_factory):
    """A folder with a config and, in ``alone``, what one process makes of it."""
    folder = tmp_path_factory.mktemp('toy')
    for name, text in (('rank_weights.py', RANK_WEIGHTS), ('ranks.py', RANKS), ('die_once.py', DIE_ONCE),
                       ('deadly.py', DEADLY)):
        (folder / name).write_text(text)
    train(write_toy_config(folder), work_dir=str(folder / 'alone'), validate=False)
    return folder


def clean_env(root, folder, **more) -> dict:
    return dict({k: v for k, v in os.environ.items() if k not in VARIABLES}, PYTHON=sys.executable,
                PYTHONPATH=f'{root}:{folder}', CUDA_VISIBLE_DEVICES='', **more)


def test_a_killed_rank_of_two_hosts_is_started_again(root, toy):
    """Two launchers, as on two hosts: both start their processes again, which end as one process would."""
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        port = str(probe.getsockname()[1])
    words = [root / 'tools' / 'dist_train.sh', toy / 'deadly.py', '1', '--work-dir', toy / 'killed', '--resume',
             '--no-validate', '--cfg-options', 'train_dataloader.batch_size=4']
    hosts = [subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=clean_env(
        root, toy, NNODES='2', NODE_RANK=str(n), MASTER_ADDR='127.0.0.1', PORT=port, MAX_RESTARTS='2',
        GLOO_SOCKET_IFNAME='lo')) for n in range(2)]
    said = [host.communicate(timeout=500)[1] for host in hosts]
    assert [host.returncode for host in hosts] == [0, 0], said[0][-2000:] + said[1][-2000:]
    assert f'resuming from {toy}/killed/epoch_1.pth' in ''.join(said)
    for key, value in state(toy / 'alone' / 'epoch_2.pth').items():
        torch.testing.assert_close(state(toy / 'killed' / 'epoch_2.pth')[key], value)


def test_two_processes_go_on_with_what_one_began(root, toy):
    """One epoch on one process, one on two with half the batch each, is two epochs on one."""
    run, env = toy / 'run', clean_env(root, toy)
    train(load_config(toy / 'toy.py', ['train_cfg.max_epochs=1']), work_dir=str(run), validate=False)
    done = subprocess.run(
        [root / 'tools' / 'dist_train.sh', toy / 'ranks.py', '2', '--work-dir', run, '--resume', '--no-validate',
         '--cfg-options', 'train_dataloader.batch_size=4'],
        env=env, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr[-3000:]
    assert 'destroy_process_group' not in done.stderr
    for said in ('gloo instead of nccl', f'resuming from {run}/epoch_1.pth'):
        assert done.stderr.count(said) == 1, 'said once, by rank 0'
    ranks = [load_checkpoint(run / f'rank_{rank}.pth') for rank in range(2)]
    expected = state(toy / 'alone' / 'epoch_2.pth')
    for key, value in expected.items():
        assert torch.equal(ranks[0][key], ranks[1][key])
        torch.testing.assert_close(state(run / 'epoch_2.pth')[key], value)
