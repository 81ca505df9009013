"""A key changes with what decides a result, and with nothing else."""
import textwrap

import pytest

import mmcomp
from mmcomp.recipes import code_digest
from mmcomp.recipes import stages as _stages  # noqa: F401 (registers them)
from mmcomp.recipes.code_digest import CodeDigests, type_names
from mmcomp.recipes.config_cache import ConfigCache, bases
from mmcomp.recipes.keys import KeyMaker
from mmcomp.recipes.plan import make_plan


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'rows.txt').write_text('a.png 0\n')
    (tmp_path / 'base.py').write_text('lr = 1\n')
    (tmp_path / 'model.py').write_text("_base_ = ['base.py']\nmodel = dict(type='ArcFaceHead')\n")
    return tmp_path


def keys(**changes):
    stages = dict(
        split=dict(type='Split', ann='rows.txt', folds=2, fold='{fold}', matrix=dict(fold=[0, 1])),
        fold=dict(type='Train', config='model.py', ann='@split.train', matrix=dict(fold=[0, 1])),
        soup=dict(type='Soup', model='@fold', matrix=dict(fold=[0, 1])),
        other=dict(type='Split', ann='rows.txt', seed=5))
    for name, settings in changes.items():
        stages[name] = dict(stages[name], **settings)
    from pathlib import Path
    return KeyMaker(Path('cache')).keys(make_plan(stages))


def changed(before, after):
    return {name for name in before if before[name] != after[name]}


def test_keys_are_the_same_again(home):
    assert keys() == keys() and len(set(keys().values())) == 7


def test_a_setting_changes_its_stage_and_those_after_it(home):
    assert changed(keys(), keys(fold=dict(seed=3))) == {'fold-fold0', 'fold-fold1', 'soup-fold0', 'soup-fold1'}
    assert changed(keys(), keys(soup=dict(last=3))) == {'soup-fold0', 'soup-fold1'}
    assert not changed(keys(), keys(soup=dict(last=5))), 'the default, written down'
    assert changed(keys(), keys(fold=dict(gpus=2))), 'of a training GPUs multiply the batch'


def test_content_of_a_file_counts_and_not_its_time(home):
    before = keys()
    (home / 'rows.txt').touch()
    assert not changed(before, keys())
    (home / 'rows.txt').write_text('b.png 0\n')
    assert changed(before, keys()) == set(before)


def test_a_config_counts_by_what_it_says(home):
    before = keys()
    trainings = {'fold-fold0', 'fold-fold1', 'soup-fold0', 'soup-fold1'}
    (home / 'model.py').write_text("# Explained.\n_base_ = ['base.py']\nmodel = dict(\n    type='ArcFaceHead')\n")
    assert not changed(before, keys())
    (home / 'base.py').write_text('lr = 2\n')
    assert changed(before, keys()) == trainings


def test_configs_are_remembered_by_the_content_of_all_their_files(home, monkeypatch):
    cache = ConfigCache(home / 'cache')
    first = cache.load(home / 'model.py')
    assert first['lr'] == 1 and first['model'] == dict(type='ArcFaceHead')
    monkeypatch.setattr('mmcomp.apis.config.read_config', None)
    assert cache.load(home / 'model.py') == first, 'without loading a framework'
    (home / 'base.py').write_text('lr = 2\n')
    with pytest.raises(TypeError):
        cache.load(home / 'model.py')


@pytest.mark.parametrize('text', ['import os\n', "_base_ = ['{{ fileDirname }}/base.py']\n", '_base_ = [name]\n'])
def test_configs_that_may_say_anything_are_not_remembered(home, text):
    (home / 'model.py').write_text(text)
    with pytest.raises(ValueError):
        bases(home / 'model.py')


def test_type_names():
    config = dict(type='A', list=[dict(type='pkg.B'), dict(x=dict(type='C'))], type_of='D')
    assert sorted(type_names(config)) == ['A', 'B', 'C']


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A small package in the place of mmcomp's code."""
    sources = {
        'recipes/stages/train.py': 'def run():\n    from mmcomp.apis import train\n',
        'recipes/stages/clean.py': 'from mmcomp.predictions.labels.cleaning import find\n',
        'apis/__init__.py': 'from .training import train\nfrom .other import thing\n',
        'apis/training.py': 'import mmcomp.files\n', 'apis/other.py': 'x = 1\n',
        'files.py': 'def write():\n    """Old words."""\n    return 1\n',
        'predictions/labels/cleaning.py': 'find = 1\n',
        'models/head.py': '@MODELS.register_module()\nclass MyHead:\n    from .loss import loss\n',
        'models/loss.py': 'loss = 1\n', 'models/unused.py': '@MODELS.register_module()\nclass Unused:\n    pass\n'}
    for name, text in sources.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(code_digest, 'PACKAGE', tmp_path)
    code_digest._file_of.cache_clear()
    yield tmp_path
    code_digest._file_of.cache_clear()


@pytest.mark.parametrize(('file', 'train', 'clean'), [
    ('files.py', True, False), ('apis/training.py', True, False), ('models/head.py', True, False),
    ('models/loss.py', True, False), ('predictions/labels/cleaning.py', False, True),
    ('models/unused.py', False, False), ('apis/other.py', False, False)])
def test_code_counts_where_it_is_used(package, file, train, clean):
    def digests():
        code = CodeDigests()
        return (code.of('mmcomp.recipes.stages.train', dict(model=dict(type='MyHead'))),
                code.of('mmcomp.recipes.stages.clean'))
    before = digests()
    (package / file).write_text((package / file).read_text() + 'more = 2\n')
    after = digests()
    assert (before[0] != after[0], before[1] != after[1]) == (train, clean)


def test_words_about_the_code_do_not_count(package):
    before = CodeDigests().of('mmcomp.recipes.stages.train')
    (package / 'files.py').write_text(textwrap.dedent('''
        # A comment.
        def write():
            """New words."""

            return 1
    '''))
    assert CodeDigests().of('mmcomp.recipes.stages.train') == before


def test_every_stage_has_code():
    code = CodeDigests()
    from mmcomp.recipes.stage import STAGES
    homes = {STAGES.get(name, '').__module__ for name in STAGES}
    homes = {home for home in homes if home.startswith('mmcomp.recipes.stages')}
    assert len(homes) >= 13 and len({code.of(home) for home in homes}) == len(homes)
    assert code_digest.PACKAGE.samefile(mmcomp.__path__[0])
