"""A recipe whose stages are jobs: ordered by Slurm, preempted, failed, cancelled, and in the end as on one host."""
import signal
import subprocess
import sys
import time

import pytest

from mmcomp.recipes.ledger import Ledger
from mmcomp.recipes.status import read_status

RECIPE = """
custom_imports = dict(imports=['mmcomp.testing.digits_stage', 'pause_hook'])
slurm = dict(cpus=1, partition='batch')
train = dict(type='Train', config={config!r}, seed='{{seed}}', ann='@data.train', matrix=dict(seed=[1, 2]))
train['options'] = dict(
    custom_hooks=[dict(type='ClassCountsHook'), dict(type='PauseHook')],
    train_cfg=dict(max_epochs=3), train_dataloader=dict(num_workers=2, dataset=dict(data_root='@data.root')))
stages = dict(
    data=dict(type='Digits', test_per_class=6, val_per_class=140),
    first=train,
    look=dict(type='Predict', model='@first', folder='@data.test', matrix=dict(seed=[1, 2])),
    both=dict(type='Ensemble', tables='@look'),
    submission=dict(type='Submit', predictions='@both', sample='@data.sample', slurm=dict(time='10:00')))
"""
SHORT = """
say = dict(type='Command', command=['{python}', '-S', '-c', '{code}', '{out}'], leaves=dict(o=('file', 'o.txt')))
stages = dict(
    a=dict(say, command=[w.replace('{code}', PLAIN) for w in say['command']]),
    b=dict(say, command=[w.replace('{code}', BAD) for w in say['command']], inputs=dict(x='@a')),
    c=dict(say, command=[w.replace('{code}', PLAIN) for w in say['command']], inputs=dict(x='@b')))
"""
PLAIN = 'import sys; open(sys.argv[1] + "/o.txt", "w").write("x")'


class Site:
    """Runs ``mmcomp run`` and its companions on the cluster."""

    def __init__(self, cluster, shell, root, folder):
        self.cluster, self.shell, self.root, self.folder = cluster, shell, root, folder
        self.recipe = folder / 'recipe.py'

    def tool(self, name, *words, env=None, status=0):
        done = subprocess.run([sys.executable, str(self.root / 'tools' / f'{name}.py'), *map(str, words)],
                              env=env or self.shell, cwd=self.folder, capture_output=True, text=True)
        assert done.returncode == status, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout + done.stderr

    def states(self, work):
        return {s.name: s.state for s in read_status(self.folder / work)[1]}

    def short(self, bad, name='short.py'):
        path = self.folder / name
        path.write_text(f'PLAIN = {PLAIN!r}\nBAD = {bad!r}\n{SHORT}')
        return path


@pytest.fixture
def site(cluster, shell, root, tmp_path, monkeypatch):
    monkeypatch.setenv('SLURM_CONF', shell['SLURM_CONF'])
    return Site(cluster, shell, root, tmp_path)


def test_a_preempted_recipe_ends_as_on_one_host(site, pausing):
    site.shell = pausing
    site.recipe.write_text(RECIPE.format(config=str(site.root / 'configs/demo/digits-swin.py')))
    far = (site.recipe, '--work-dir', 'far', '--launcher', 'slurm')
    said = site.tool('run_recipe', *far, '--detach', env=dict(pausing, PAUSE='1'))
    assert '7 stages submitted as 5 jobs' in said and 'mmcomp cancel far' in said
    assert 'are still about' in site.tool('run_recipe', *far, status=2)
    site.cluster.wait(lambda: len(list(site.folder.glob('far/stages/first-*/*/paused'))) == 2, 600, 'both trainings')
    assert 'queued' in set(site.states('far').values()), 'what needs the trainings waits'
    site.cluster.command('sbatch', '-p', 'urgent', '--nodes=2', '--exclusive', f'--output={site.folder}/urgent',
                         '--wrap', 'sleep 1')

    here = site.tool('run_recipe', site.recipe, '--work-dir', 'here', '--no-report')
    assert '7/7' in here
    site.cluster.wait(lambda: (site.folder / 'far/report.html').is_file(), 600, 'the last job')
    assert set(site.states('far').values()) == {'done'}
    jobs = [path.read_text() for path in (site.folder / 'far/slurm').glob('first-*.out')]
    logs = [path.read_text() for path in site.folder.glob('far/stages/first-*/*/log.txt')]
    assert len(jobs) == len(logs) == 2 and all(log.count('(Train, ') == 2 for log in logs), 'both began twice'
    assert (site.folder / 'far/submission.csv').read_bytes() == (site.folder / 'here/submission.csv').read_bytes()
    ledger = Ledger(site.folder / 'far/ledger.db')
    assert [row['state'] for row in ledger.rows('select state from runs')] == ['done']
    assert len(ledger.rows('select * from results where state = ?', 'done')) == 7
    assert '0 of 7 stages to run' in site.tool('run_recipe', *far)


def test_what_failed_is_told_and_goes_on_when_mended(site):
    bad = site.short('import sys; sys.exit("no luck")')
    said = site.tool('run_recipe', bad, '--work-dir', 'w', '--launcher', 'slurm', status=1)
    assert '✓ a' in said and '✗ b' in said and 'no luck' in said and 'b did not end well; 1 stage needs' in said
    assert site.states('w') == dict(a='done', b='failed', c='waiting')
    good = site.short(PLAIN)
    said = site.tool('run_recipe', good, '--work-dir', 'w', '--launcher', 'slurm')
    assert '2 stages submitted' in said and set(site.states('w').values()) == {'done'}


def test_cancelled(site):
    long = site.short('import time; time.sleep(600)')
    site.tool('run_recipe', long, '--work-dir', 'w', '--launcher', 'slurm', '--detach')
    site.cluster.wait(lambda: list(site.folder.glob('w/stages/b/*/stage.json')), 120, 'b to run')
    assert site.states('w')['b'] == 'running' and 'queued' in site.tool('status', 'w')
    assert '2 of 3 stages were about' in site.tool('cancel', 'w')
    site.cluster.wait(lambda: not site.cluster.command('squeue', '-h').strip(), 120, 'the queue to be empty')
    states = site.states('w')
    assert states['a'] == 'done' and states['b'] in ('stopped', 'cut off') and states['c'] == 'waiting'
    assert 'nothing was running' in site.tool('cancel', 'w')


def test_what_slurm_refuses_leaves_nothing_queued(site):
    path = site.short(PLAIN)
    path.write_text(path.read_text() + "\nstages['c']['slurm'] = dict(partition='nowhere')\n")
    said = site.tool('run_recipe', path, '--work-dir', 'w', '--launcher', 'slurm', status=2)
    assert 'sbatch refused a job' in said and 'partition' in said
    time.sleep(1)
    assert not site.cluster.command('squeue', '-h', '--states=PENDING').strip()


def test_ctrl_c_leaves_the_jobs_alone(site):
    long = site.short('import sys, time; time.sleep(8); open(sys.argv[1] + "/o.txt", "w").write("x")')
    words = [str(site.root / 'tools/run_recipe.py'), str(long), '--work-dir', 'w', '--launcher', 'slurm']
    # What a shell starts in the background would not hear Ctrl-C.
    watching = subprocess.Popen([sys.executable, *words], env=site.shell, cwd=site.folder, stdout=subprocess.DEVNULL,
                                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler))
    site.cluster.wait(lambda: (site.folder / 'w/slurm.json').is_file(), 120, 'the jobs')
    watching.send_signal(2)
    assert watching.wait(60) == 130
    site.cluster.wait(lambda: (site.folder / 'w/report.html').is_file(), 300, 'the last job')
    assert set(site.states('w').values()) == {'done'}
