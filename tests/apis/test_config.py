"""Loading configs: options, bases, old names, faults named by file and line."""
import argparse
import json
import sys

import pytest
from mmengine.config import Config, DictAction

from mmcomp.apis.config import (
    config_chain,
    format_config,
    import_custom_modules,
    load_config,
    parse_options,
    read_config,
    set_list,
)
from mmcomp.errors import ConfigError


@pytest.fixture
def write(tmp_path):
    """``write('a.py', text)`` makes a config file and returns its path."""
    def make(name, text):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path
    return make


PUBLISHED = ['a=1', 'b.c=x', 'd=[1,2]', 'e=1,2', 'f="[(1,2),(a,b)]"', 'g=true', 'h=None', 'i=1e-3', 'j=a=b', 'k=']


def test_options_have_the_grammar_of_dict_action():
    parser = argparse.ArgumentParser()
    parser.add_argument('--cfg-options', nargs='+', action=DictAction)
    assert parse_options(PUBLISHED) == parser.parse_args(['--cfg-options', *PUBLISHED]).cfg_options
    assert parse_options(None) == {} and parse_options({'a.b': 1}) == {'a.b': 1}


@pytest.mark.parametrize('option', ['lr', '=1', 'a=[1,2'])
def test_a_malformed_option_is_named(option):
    with pytest.raises(ConfigError, match='--cfg-options'):
        parse_options([option])


def test_options_reach_dicts_and_lists_and_may_be_new(write):
    path = write('a.py', "model = dict(a=1)\npipeline = [dict(type='A'), dict(type='B', scale=1)]\n")
    cfg = load_config(path, ['model.a=2', 'pipeline.1.scale=[3,4]', 'fresh.key=x'])
    assert cfg.model.a == 2 and cfg.pipeline[1].scale == [3, 4] and cfg.fresh.key == 'x'
    assert cfg.pipeline[0] == dict(type='A')


@pytest.mark.parametrize('option', ['model.a.b=1', 'pipeline.7.scale=1'])
def test_an_option_that_fits_nowhere_is_named(write, option):
    path = write('a.py', "model = dict(a=1)\npipeline = [dict(type='A')]\n")
    with pytest.raises(ConfigError, match=option.partition('=')[0]):
        load_config(path, [option])


@pytest.mark.parametrize(('text', 'scope'), [
    ('x = 1', 'mmcomp'),
    ("default_scope = 'mmpretrain'", 'mmcomp'),
    ("default_scope = 'mmcls'", 'mmcomp'),
    ("default_scope = 'somebody'", 'somebody'),
])
def test_default_scope(write, text, scope):
    assert load_config(write('a.py', text)).default_scope == scope


def test_a_missing_file_suggests_a_sibling(write):
    path = write('swin-large.py', 'x = 1')
    with pytest.raises(ConfigError, match='swin-large.py'):
        load_config(path.with_name('swin-lage.py'))
    write('child.py', "_base_ = ['./swin-lrge.py']")
    with pytest.raises(ConfigError, match=r'child.py: `_base_`: no such file.*Did you mean `swin-large.py`'):
        load_config(path.with_name('child.py'))


def test_a_syntax_error_in_a_base_names_file_and_line(write):
    write('base.py', 'x = 1\ny = dict(a=1\n')
    with pytest.raises(ConfigError, match=r'base\.py, line 2'):
        load_config(write('child.py', "_base_ = './base.py'"))


def test_an_error_of_the_configs_code_names_file_and_line(write):
    write('base.py', 'x = 1\n')
    child = write('child.py', "_base_ = './base.py'\ny = 2\nz = _base_.x + wat\n")
    with pytest.raises(ConfigError, match=r"child\.py, line 3: NameError: name 'wat'"):
        load_config(child)


def test_a_key_of_two_bases_is_named(write):
    write('a.py', 'lr = 1')
    write('b.py', 'lr = 2')
    with pytest.raises(ConfigError, match='lr'):
        load_config(write('child.py', "_base_ = ['a.py', 'b.py']"))


def test_a_base_that_leads_back_is_refused(write):
    write('a.py', "_base_ = 'b.py'")
    with pytest.raises(ConfigError, match='lead back'):
        load_config(write('b.py', "_base_ = 'a.py'"))


def test_the_chain_has_bases_first_and_each_once(write):
    root = write('root.py', 'x = 1')
    left, right = write('left.py', "_base_ = 'root.py'"), write('sub/right.py', "_base_ = '../root.py'")
    top = write('top.py', "_base_ = ['left.py', 'sub/right.py']")
    assert config_chain(top) == [root, left, right, top]


def test_other_file_kinds_are_refused(write):
    with pytest.raises(ConfigError, match='`a.txt`|a.txt'):
        load_config(write('a.txt', 'x'))


def test_custom_imports_run_and_a_missing_one_is_named(write, monkeypatch, tmp_path):
    write('my_plugin_for_test.py', 'loaded = True')
    monkeypatch.syspath_prepend(tmp_path)
    path = write('a.py', "custom_imports = dict(imports=['my_plugin_for_test'])")
    read_config(path)
    assert 'my_plugin_for_test' not in sys.modules, 'reading imports nothing'
    load_config(path)
    assert sys.modules.pop('my_plugin_for_test').loaded
    with pytest.raises(ConfigError, match='no_such_plugin'):
        load_config(write('b.py', "custom_imports = dict(imports='no_such_plugin', allow_failed_imports=False)"))
    load_config(write('c.py', "custom_imports = dict(imports='no_such_plugin', allow_failed_imports=True)"))
    with pytest.raises(ConfigError, match='custom_imports'):
        import_custom_modules(Config(dict(custom_imports='my_plugin')), 'd.py')


def test_nobodys_src_is_imported_for_an_old_config(write, monkeypatch, tmp_path):
    write('src.py', 'raise RuntimeError')
    monkeypatch.syspath_prepend(tmp_path)
    path = write('a.py', "default_scope = 'mmcls'\ncustom_imports = dict(imports=['src'])")
    assert 'custom_imports' not in load_config(path)
    with pytest.raises(RuntimeError):
        load_config(path, modernize=False)


@pytest.mark.parametrize('kind', ['py', 'yaml', 'json'])
def test_a_formatted_config_loads_again(write, kind):
    text = "model = dict(type='A', sizes=[1, 2], custom_keys={'.bias': dict(decay=0.0)}, none=None)\nlr = 1e-4\n"
    cfg = load_config(write('a.py', text))
    again = load_config(write(f'again.{kind}', format_config(cfg, kind)))
    assert again.to_dict() == cfg.to_dict()
    assert json.loads(format_config(cfg, 'json')) == cfg.to_dict()


def test_a_list_of_ids_picks_rows_of_a_text_table():
    texts = dict(type='TabularTextDataset', ann_file='all.csv', tokenizer=dict(folder='x'))
    images = dict(type='ImageListDataset', ann_file='all.txt')
    for dataset, ann, key in ((texts, 'fold/val.txt', 'id_list'), (texts, 'other.csv.gz', 'ann_file'),
                              (images, 'fold/val.txt', 'ann_file')):
        cfg = Config(dict(train_dataloader=dict(dataset=dict(type='SeededDataset', dataset=dict(dataset)))))
        set_list(cfg, 'train_dataloader', ann)
        found = cfg.train_dataloader.dataset.dataset
        assert found[key] == ann and (key == 'ann_file' or found.ann_file == 'all.csv')
