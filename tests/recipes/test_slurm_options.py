import pytest

from mmcomp.errors import ConfigError
from mmcomp.recipes.slurm_options import SlurmOptions


@pytest.mark.parametrize(('gpus', 'levels', 'words'), [
    (0, [], '--nodes=1 --ntasks=1 --ntasks-per-node=1 --cpus-per-task=4'),
    (1, [dict(cpus=8)], '--nodes=1 --ntasks=1 --ntasks-per-node=1 --cpus-per-task=8 --gres=gpu:1'),
    (12, [{}], '--nodes=2 --ntasks=12 --ntasks-per-node=8 --cpus-per-task=4 --gres=gpu:8'),
    (4, [dict(gpus_per_node=1, gres=False)], '--nodes=4 --ntasks=4 --ntasks-per-node=1 --cpus-per-task=4'),
    (1, [dict(partition='gpu', time='1:00:00'), dict(time='9:00:00', sbatch=['--account=x'])],
     '--nodes=1 --ntasks=1 --ntasks-per-node=1 --cpus-per-task=4 --gres=gpu:1 --partition=gpu --time=9:00:00 '
     '--account=x'),
])
def test_words_of_a_job(gpus, levels, words):
    got = SlurmOptions.of('stage a', *levels).words(gpus)
    assert [word for word in got if not word.startswith('--signal')] == words.split()
    assert '--signal=USR1@120' in got


@pytest.mark.parametrize(('options', 'said'), [
    (dict(partitoin='gpu'), 'stage a: slurm has no option `partitoin`.*partition'), (dict(cpus='8'), 'slurm.cpus'),
    (dict(sbatch='--x'), 'slurm.sbatch'), (dict(gres=1), 'slurm.gres')])
def test_wrong_options_are_named(options, said):
    with pytest.raises(ConfigError, match=said):
        SlurmOptions.of('stage a', options)
