"""What is submitted, with a stand-in for sbatch that only numbers its jobs; tests/slurm has a real cluster."""
import os

import pytest

from mmcomp.errors import ConfigError, LaunchError
from mmcomp.recipes.recipe import load_recipe
from mmcomp.recipes.slurm import SlurmRunner
from mmcomp.recipes.state import read_json

SAY = "say = dict(type='Command', command=['true', '{out}'], leaves=dict(o=('file', 'o')))\n"


@pytest.fixture
def submit(tmp_path, monkeypatch):
    """Submit stages; the words that each call of sbatch got, by its job's number from 1 on."""
    fakes = tmp_path / 'bin'
    fakes.mkdir()
    (fakes / 'sbatch').write_text(f'#!/bin/bash\necho "$@" >> {tmp_path}/calls\nN=$(wc -l < {tmp_path}/calls)\n'
                                  '[[ "$*" != *refused* ]] || { echo "no such partition" >&2; exit 1; }\n'
                                  'echo "$N;cluster"\n')
    (fakes / 'scancel').write_text(f'#!/bin/bash\necho "$@" > {tmp_path}/ended\n')
    (fakes / 'squeue').write_text('#!/bin/bash\ncat queue 2> /dev/null || true\n')
    for path in fakes.iterdir():
        path.chmod(0o755)
    monkeypatch.setenv('PATH', f'{fakes}:{os.environ["PATH"]}')
    monkeypatch.chdir(tmp_path)

    def call(stages, more=''):
        (tmp_path / 'recipe.py').write_text(f'{SAY}stages = dict({stages})\n{more}\n')
        assert SlurmRunner(load_recipe(tmp_path / 'recipe.py', work_dir=tmp_path / 'work'), detach=True).run()
        return [dict(word.lstrip('-').partition('=')[::2] for word in line.split() if word.startswith('--'))
                for line in (tmp_path / 'calls').read_text().splitlines()]
    call.folder = tmp_path
    return call


def test_slurm_keeps_the_order(submit):
    folds = 'matrix=dict(fold=[0, 1, 2])'
    jobs = submit(f'a=say, b=dict(say, inputs=dict(x="@a"), {folds}),'
                  f'c=dict(say, inputs=dict(x="@b"), gpus=2, {folds}),'
                  'd=dict(say, inputs=dict(x="@c[fold=0]", y="@c[fold=2]", z="@a")),'
                  'e=dict(say, inputs=dict(x="@b[fold=0]", y="@b[fold=1]", z="@b[fold=2]"))')
    a, b, c = jobs[:3]
    assert 'dependency' not in a and 'array' not in a
    assert (b['array'], b['dependency'], b['kill-on-invalid-dep']) == ('0,1,2', 'afterok:1', 'yes')
    assert (c['array'], c['dependency'], c['ntasks'], c['gres']) == ('0,1,2', 'aftercorr:2', '2', 'gpu:2')
    numbers = read_json(submit.folder / 'work/slurm.json')['jobs']
    assert numbers['c-fold2'] == '3_2'
    d, e = (next(job for job in jobs if job['output'].endswith(f'{name}-%j.out')) for name in 'de')
    assert sorted(d['dependency'].split(',')) == ['afterok:1', 'afterok:3_0', 'afterok:3_2']
    assert e['dependency'] == 'afterok:2', 'all of an array are its number'
    assert jobs[-1]['dependency'] == 'afterany:1:2:3:4:5' and len(jobs) == 6


def test_stages_that_need_each_other_s_instances_are_jobs_of_their_own(submit):
    """Round 2 of one needs round 1 of the other; as arrays they would wait for each other for ever."""
    jobs = submit('a=say, b=dict(say, inputs=dict(x="@c[r=1]"), matrix=dict(r=[2])), '
                  'c=dict(say, inputs=dict(x="@a"), matrix=dict(r=[1])), d=dict(say, inputs=dict(x="@b", y="@c"))')
    assert all('array' not in job for job in jobs)


def test_the_folders_of_an_array_are_listed_by_their_numbers(submit):
    submit('b=dict(say, matrix=dict(fold=[5, 6]))')
    listing = read_json(submit.folder / 'work/slurm/b.json')
    assert list(listing) == ['0', '1'] and '/b-fold6/' in listing['1']
    job = read_json(submit.folder / 'work' / listing['1'].split('work/')[1] / 'job.json')
    assert job['launcher'] == 'slurm' and job['threads'] == 4


def test_one_that_is_not_taken_takes_the_others_with_it(submit):
    with pytest.raises(LaunchError, match='no such partition'):
        submit('a=say, b=dict(say, inputs=dict(x="@a"), slurm=dict(partition="refused"))')
    assert (submit.folder / 'ended').read_text().split() == ['1']
    assert not (submit.folder / 'work/slurm.json').exists()


def test_jobs_of_an_earlier_run_are_waited_for(submit):
    submit('a=say')
    (submit.folder / 'queue').write_text('1|RUNNING|None\n')
    with pytest.raises(LaunchError, match='still about: a.*mmcomp cancel'):
        submit('a=say')


def test_options_are_checked_before_anything_is_submitted(submit):
    with pytest.raises(ConfigError, match='stage a: slurm has no option `cpu`'):
        submit('a=say', 'slurm = dict(cpu=3)')
    assert not (submit.folder / 'calls').exists()


def test_there_is_no_slurm_here(submit, monkeypatch):
    monkeypatch.setenv('PATH', '/nowhere')
    with pytest.raises(LaunchError, match='no `sbatch` here'):
        submit('a=say')
