"""slurm_train.sh and slurm_test.sh with stand-ins for Slurm that print the words they are given."""
import os
import subprocess

import pytest

WORDS = ['--cfg-options', 'a=[1, 2]', 'b=x y']
FAKE = '#!/bin/bash\nprintf "%s\\n" "$(basename "$0")" "$@"\n'


@pytest.fixture
def slurm(tmp_path, root):
    """Run a script among fakes; the words that the last command got."""
    fakes = tmp_path / 'bin'
    fakes.mkdir()
    for name in ('srun', 'sbatch', 'scontrol', 'python', 'squeue'):
        (fakes / name).write_text(FAKE if name != 'squeue' else '#!/bin/bash\necho ${FAKE_STATE:-RUNNING}\n')
        (fakes / name).chmod(0o755)

    def call(script, *args, shell=(), **env):
        clean = {k: v for k, v in os.environ.items() if not k.startswith(('SLURM', 'GPUS', 'PYTHON'))}
        env = dict(clean, PATH=f'{fakes}:{os.environ["PATH"]}', **{k: str(v) for k, v in env.items()})
        return subprocess.run([*shell, root / 'tools' / script, *map(str, args)], env=env, cwd=tmp_path,
                              capture_output=True, text=True)
    call.fakes = fakes
    return call


def words(done) -> list[str]:
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_srun_gets_whole_words_and_the_shape_of_the_job(slurm, root):
    got = words(slurm('slurm_train.sh', 'gpu', 'my job', 'c.py', 'a dir', '--amp', *WORDS, GPUS=16, CPUS_PER_TASK=16,
                      SRUN_ARGS='--exclude=n7 --time=1'))
    command = got.index('python')
    assert got[:command] == [
        'srun', '-p', 'gpu', '--job-name=my job', '--nodes=2', '--ntasks=16', '--ntasks-per-node=8',
        '--cpus-per-task=16', '--gres=gpu:8', '--kill-on-bad-exit=1', '--exclude=n7', '--time=1']
    assert got[command:] == ['python', '-u', str(root / 'tools' / 'train.py'), 'c.py', '--launcher', 'slurm',
                             '--work-dir', 'a dir', '--amp', *WORDS]


@pytest.mark.parametrize(('env', 'shape'), [
    (dict(GPUS=2), '--nodes=1 --ntasks=2 --ntasks-per-node=2 --cpus-per-task=5 --gres=gpu:2'),
    ({}, '--nodes=1 --ntasks=8 --ntasks-per-node=8 --cpus-per-task=5 --gres=gpu:8'),
    (dict(GPUS=12), '--nodes=2 --ntasks=12 --ntasks-per-node=8 --cpus-per-task=5 --gres=gpu:8'),
    (dict(GPUS=4, GPUS_PER_NODE=1, NO_GRES=1), '--nodes=4 --ntasks=4 --ntasks-per-node=1 --cpus-per-task=5'),
])
def test_the_shape_follows_the_gpus(slurm, env, shape):
    got = words(slurm('slurm_train.sh', '', 'job', 'c.py', 'out', **env))
    assert '-p' not in got, "partition '' is the cluster's default"
    assert got[2:got.index('--kill-on-bad-exit=1')] == shape.split()


def test_slurm_test_names_the_checkpoint(slurm, root):
    got = words(slurm('slurm_test.sh', 'gpu', 'job', 'c.py', 'x y.pth', '--out', 'b.pkl', GPUS=1))
    assert got[got.index('python') + 2:] == [
        str(root / 'tools' / 'test.py'), 'c.py', 'x y.pth', '--launcher', 'slurm', '--out', 'b.pkl']


def test_sbatch_queues_a_job_that_can_be_requeued(slurm, root, tmp_path):
    got = words(slurm('slurm_train.sh', 'gpu', 'job', 'c.py', 'a dir', *WORDS, GPUS=2, SUBMIT='sbatch',
                      SIGNAL_BEFORE=60))
    body = got.index(str(root / 'tools' / '_slurm_job.sh'))
    assert got[0] == 'sbatch' and (tmp_path / 'a dir').is_dir()
    assert {'--requeue', '--open-mode=append', '--signal=USR1@60'} <= set(got[:body])
    assert got[body + 1:body + 3] == ['a dir', 'srun'] and got[-3:] == WORDS


def job(slurm, folder, *args, marker=False, rc=0, **env):
    """Run the body of a batch job whose command prints its words, and may leave the marker."""
    command = slurm.fakes / 'my_job'
    command.write_text(FAKE + (f'touch "{folder}/PREEMPTED"\n' if marker else '') + f'exit {rc}\n')
    command.chmod(0o755)
    return slurm('_slurm_job.sh', folder, 'my_job', *args, shell=['bash'], SLURM_JOB_ID=7, **env)


def test_a_batch_job_resumes_whatever_the_user_gave(slurm, tmp_path):
    assert words(job(slurm, tmp_path, *WORDS)) == ['my_job', *WORDS, '--resume', 'auto']
    assert words(job(slurm, tmp_path, '--resume', 'a.pth')) == ['my_job', '--resume', 'a.pth']
    assert words(job(slurm, tmp_path, '--resume', 'a.pth', SLURM_RESTART_COUNT=1))[-2:] == ['--resume', 'auto']


def test_the_marker_requeues_the_job_whatever_the_status(slurm, tmp_path):
    done = job(slurm, tmp_path, marker=True, rc=143)
    assert done.returncode == 0 and done.stdout.splitlines()[-3:] == ['scontrol', 'requeue', '7']


@pytest.mark.parametrize('status', [85, 143, 138])
def test_a_status_may_stand_for_the_marker(slurm, status):
    done = job(slurm, '', rc=status)
    assert done.returncode == 0 and done.stdout.splitlines() == ['my_job', 'scontrol', 'requeue', '7']


def test_a_task_of_an_array_is_requeued_alone(slurm):
    done = job(slurm, '', rc=85, SLURM_ARRAY_JOB_ID=7, SLURM_ARRAY_TASK_ID=3)
    assert done.stdout.splitlines()[-3:] == ['scontrol', 'requeue', '7_3']


def test_a_cancelled_job_stays_cancelled(slurm, tmp_path):
    done = job(slurm, tmp_path, marker=True, rc=85, FAKE_STATE='CANCELLED')
    assert done.returncode == 85 and 'scontrol' not in done.stdout and 'CANCELLED: not requeued' in done.stderr


def test_a_failed_job_is_not_requeued_by_an_old_marker(slurm, tmp_path):
    (tmp_path / 'PREEMPTED').touch()
    done = job(slurm, tmp_path, rc=3)
    assert done.returncode == 3 and 'scontrol' not in done.stdout


def test_requeueing_ends_at_its_limit(slurm, tmp_path):
    done = job(slurm, tmp_path, marker=True, rc=143, MAX_REQUEUE=2, SLURM_RESTART_COUNT=2)
    assert done.returncode == 143 and 'scontrol' not in done.stdout and 'MAX_REQUEUE=2' in done.stderr


@pytest.mark.parametrize(('script', 'args', 'status'), [
    ('slurm_train.sh', ['--help'], 0), ('slurm_train.sh', ['gpu', 'job', 'c.py'], 2),
    ('slurm_test.sh', ['-h'], 0), ('slurm_test.sh', ['gpu', 'job', 'c.py'], 2),
])
def test_usage_teaches_with_examples(slurm, script, args, status):
    done = slurm(script, *args, shell=['sh'])
    assert done.returncode == status and 'examples:' in done.stderr and f'tools/{script} gpu' in done.stderr


@pytest.mark.parametrize(('env', 'said'), [
    (dict(GPUS='two'), "GPUS must be a whole number; got 'two'"), (dict(SUBMIT='qsub'), "srun or sbatch; got 'qsub'")])
def test_wrong_variables_are_refused(slurm, env, said):
    done = slurm('slurm_train.sh', 'gpu', 'job', 'c.py', 'out', **env)
    assert done.returncode == 2 and said in done.stderr
