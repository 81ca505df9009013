"""Trainings and predictions on a real Slurm: launched, told to end, preempted, their node lost.

All jobs of a training are submitted at once, for they wait more than they compute.
"""
import subprocess
import sys
import time

import pytest
import torch

from mmcomp.apis.resuming import newest_checkpoint
from mmcomp.checkpoints.loading import load_checkpoint
from mmcomp.predictions.tables import read_table
from mmcomp.testing.toy_training import write_toy_config

MORE = "\ncustom_imports = dict(imports=['pause_hook'])\ncustom_hooks = [dict(type='PauseHook')]\n" \
       "train_cfg.update(max_epochs=4)\ntrain_dataloader.update(num_workers=2, persistent_workers=True)\n"


class Site:
    """A toy config, the cluster, and jobs that were submitted."""

    def __init__(self, cluster, pausing, root, folder):
        self.cluster, self.root, self.folder = cluster, root, folder
        self.config = write_toy_config(folder)
        self.longer = folder / 'longer.py'
        self.longer.write_text(self.config.read_text() + MORE)
        self.env = dict(pausing, NO_GRES='1', GPUS='2', CPUS_PER_TASK='2')

    def run(self, script, *words, **env):
        done = subprocess.run(['bash', str(self.root / 'tools' / script), *map(str, words)], env=dict(self.env, **env),
                              cwd=self.folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        return done.stdout

    def submit(self, name, **env):
        """The number of a job that trains into a folder of this name."""
        said = self.run('slurm_train.sh', 'batch', name, self.longer, self.folder / name, SUBMIT='sbatch', **env)
        return said.split()[-1]

    def state(self, number):
        return self.cluster.job(number)['JobState']

    def wait(self, number, name, *states):
        self.cluster.wait(lambda: self.state(number) in (*states, 'FAILED'), 600, f'{name} to be {states}')
        assert self.state(number) in states, self.said(name)
        return self.cluster.job(number)

    def has(self, number, name, file):
        path = self.folder / name / file
        self.cluster.wait(lambda: path.exists() or self.state(number) == 'FAILED', 600, f'{file} of {name}')
        assert path.exists(), self.said(name)

    def weights(self, name):
        return load_checkpoint(newest_checkpoint(self.folder / name))['state_dict']

    def said(self, name):
        return '\n'.join(path.read_text() for path in (self.folder / name).glob('slurm-*.out'))


@pytest.fixture(scope='module')
def site(cluster, pausing, root, tmp_path_factory):
    return Site(cluster, pausing, root, tmp_path_factory.mktemp('slurm'))


@pytest.fixture(scope='module')
def jobs(site):
    """Numbers of the jobs: undisturbed, preempted, out of time, on a node that dies; two of them share a node."""
    started = dict(
        timed=site.submit('timed', SRUN_ARGS='-w node1 --time=5', SIGNAL_BEFORE='120', PAUSE='1'),
        lost=site.submit('lost', SRUN_ARGS='-w node2', PAUSE='1'),
        calm=site.submit('calm', SRUN_ARGS='-w node1'))
    site.has(started['lost'], 'lost', 'paused')
    site.cluster.kill_node(2)
    time.sleep(1)
    site.cluster.start_node(2)
    site.wait(started['calm'], 'calm', 'COMPLETED')
    return started


def same(first, second):
    assert first.keys() == second.keys()
    for name, value in first.items():
        torch.testing.assert_close(second[name], value, rtol=0, atol=0, msg=name)


def test_two_nodes_train_and_predict_each_sample_once(site):
    site.run('slurm_train.sh', 'batch', 'two', site.config, site.folder / 'two', GPUS_PER_NODE='1')
    checkpoint = newest_checkpoint(site.folder / 'two')
    for nodes, out in ((1, 'one.pkl'), (2, 'two.pkl')):
        site.run('slurm_test.sh', 'batch', 'predict', site.config, checkpoint, '--folder', site.folder / 'images',
                 '--out', site.folder / out, GPUS=str(nodes), GPUS_PER_NODE='1')
    one, two = (read_table(site.folder / out) for out in ('one.pkl', 'two.pkl'))
    assert len(two) == 32 and two.ids.tolist() == one.ids.tolist()
    assert (two.scores == one.scores).all()


def test_two_jobs_share_a_node(site, jobs):
    """Each found a port of its own."""
    site.wait(jobs['timed'], 'timed', 'COMPLETED')
    assert 'EADDRINUSE' not in site.said('calm') + site.said('timed')


def test_out_of_time_it_goes_on_in_the_queue(site, jobs):
    job = site.wait(jobs['timed'], 'timed', 'COMPLETED')
    assert int(job['Restarts']) >= 1, site.said('timed')
    same(site.weights('calm'), site.weights('timed'))


def test_a_lost_node_costs_no_more_than_an_epoch(site, jobs):
    job = site.wait(jobs['lost'], 'lost', 'COMPLETED')
    assert int(job['Restarts']) >= 1, site.said('lost')
    same(site.weights('calm'), site.weights('lost'))


def test_preempted_with_loader_workers_alive(site, jobs):
    number = site.submit('preempted', SRUN_ARGS='-w node1', PAUSE='1')
    site.has(number, 'preempted', 'paused')
    urgent = site.cluster.command('sbatch', '--parsable', '-p', 'urgent', '-w', 'node1', '--exclusive',
                                  f'--output={site.folder}/urgent.out', '--wrap', 'sleep 1').strip()
    site.wait(urgent, 'urgent', 'COMPLETED')
    job = site.wait(number, 'preempted', 'COMPLETED')
    assert int(job['Restarts']) >= 1, site.said('preempted')
    same(site.weights('calm'), site.weights('preempted'))


def test_a_step_on_some_of_the_nodes(site):
    """The step's own nodes count, not those of its job."""
    out, work = site.folder / 'step.out', site.folder / 'step'
    command = (f'srun --nodes=1 --ntasks=2 --nodelist=node2 {sys.executable} {site.root}/tools/train.py {site.config} '
               f'--launcher slurm --work-dir {work}')
    env = dict(site.env)
    env.pop('MASTER_ADDR')
    number = subprocess.run(['sbatch', '--parsable', '--nodes=2', '--ntasks-per-node=2', f'--output={out}', '--wrap',
                             f'getent hosts node2 || export MASTER_ADDR=127.0.0.1; {command}'], env=env, check=True,
                            capture_output=True, text=True).stdout.strip()
    job = site.wait(number, 'step', 'COMPLETED', 'FAILED')
    assert job['JobState'] == 'COMPLETED', out.read_text()[-2000:]
    same(site.weights('two'), site.weights('step'))
