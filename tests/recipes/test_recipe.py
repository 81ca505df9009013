"""Recipes are read like configs and changed from the command line."""
import pytest

from mmcomp.errors import ConfigError
from mmcomp.recipes.recipe import change, default_name, load_recipe

BASE = """
seeds = [1, 2]
stages = dict(
    split=dict(type='Split', ann='rows.txt', folds=3, fold='{fold}', matrix=dict(fold=range(3))),
    go=dict(type='Command', command=['true', '{seed}'], matrix=dict(seed=seeds)))
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'rows.txt').write_text('a.png 0\n')
    (tmp_path / 'base.py').write_text(BASE)
    return tmp_path


def test_a_recipe_inherits(here):
    (here / 'recipe.py').write_text("_base_ = ['base.py']\ntitle = 'Mine'\nstages = dict(split=dict(folds=2, "
                                    "matrix=dict(fold=[0, 1])))\n")
    recipe = load_recipe('recipe.py')
    assert list(recipe.plan.instances) == ['split-fold0', 'split-fold1', 'go-seed1', 'go-seed2']
    assert recipe.plan.instances['split-fold1'].settings['folds'] == 2
    assert recipe.title == 'Mine' and str(recipe.work_dir) == f'work_dirs/{here.name}'


def test_settings_of_the_command_line(here):
    recipe = load_recipe('base.py', ['stages.split.seed=7', 'stages.*.gpus=2', 'stages.go.matrix.seed=[5]',
                                     'stages.s*.groups=a b'])
    assert list(recipe.plan.instances)[-1] == 'go-seed5'
    split = recipe.plan.instances['split-fold0']
    assert (split.settings['seed'], split.settings['groups'], split.gpus) == (7, 'a b', 2)


def test_a_star_means_stages_that_know_the_setting():
    content = dict(stages=dict(a=dict(type='Train'), b=dict(type='Soup')))
    changed = change(content, {'stages.*.options.lr': 1}, 'recipe')
    assert changed['stages'] == dict(a=dict(type='Train', options=dict(lr=1)), b=dict(type='Soup'))
    assert content['stages']['a'] == dict(type='Train'), 'the first one is left as it is'


@pytest.mark.parametrize(('settings', 'said'), [
    (['stages.splitt.seed=7'], 'has no stage `splitt`. Did you mean `split`'),
    (['stages.split.sead=7'], 'Split has no setting `sead`. Did you mean `seed`'),
    (['stages.x*.seed=7'], '--set: `stages.x\\*.seed` must be a path'), (['seed'], 'of the form key=value')])
def test_misspelt_settings(here, settings, said):
    with pytest.raises(ConfigError, match=said):
        load_recipe('base.py', settings)


@pytest.mark.parametrize(('text', 'said'), [
    ('stage = dict()', 'a recipe needs `stages`.*Did you mean `stage`'),
    (BASE + 'titel = 1', '`titel` is no key of a recipe. Did you mean `title`'),
    (BASE + "custom_imports = dict(imports=['no_such_module'])", '`custom_imports` must be modules that can be imp')])
def test_misspelt_keys(here, text, said):
    (here / 'recipe.py').write_text(text)
    with pytest.raises(ConfigError, match=said):
        load_recipe('recipe.py')


def test_a_missing_recipe(here):
    with pytest.raises(ConfigError, match='no such file: bass.py. Did you mean `base.py`'):
        load_recipe('bass.py')


def test_names(here):
    assert default_name(here / 'recipe_accv.py') == 'accv' and default_name(here / 'recipe.py') == here.name


def test_the_published_recipe(root, tmp_path):
    """17 members after six rounds; the data need not be there for a look."""
    recipe = load_recipe(root / 'configs/swin/recipe_accv.py', work_dir=tmp_path, need_files=False)
    stages = recipe.plan.instances
    assert len(stages['final'].settings['tables']) == 17 == len(stages['final'].settings['judges'])
    assert all(stages[f'pseudo_{r}'].settings['threshold'] == .45 for r in ('a1', 'a2', 'a3', 'b1', 'b2', 'b3'))
    lasts = {name: stages[f'soup_{name}'].settings['last'] for name in ('b3-swin_b', 'b3-swin_l')}
    assert lasts == {'b3-swin_b': 5, 'b3-swin_l': 7} and stages['labels'].settings['K'] == 16
    assert stages['pseudo_b2'].settings['ann'].instance == 'pseudo_a3', 'rows of test A stay'
    # A judge is the same model's word on validation rows.
    told = zip(stages['final'].settings['tables'], stages['final'].settings['judges'], strict=True)
    for table, judge in told:
        assert stages[table.instance].settings['model'] == stages[judge.instance].settings['model']
