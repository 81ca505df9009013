"""The command: the config as it will be used, in three formats."""
import json

import pytest


@pytest.fixture
def config(tmp_path):
    path = tmp_path / 'old.py'
    path.write_text("default_scope = 'mmcls'\npipeline = [dict(type='PackClsInputs')]\nlr = 1\n")
    return str(path)


def test_what_is_printed_is_python_with_options_and_todays_names(config, tool, capsys):
    tool('print_config').main([config, '--cfg-options', 'lr=[1,2]'])
    values = {}
    exec(capsys.readouterr().out, values)
    assert values['pipeline'] == [dict(type='PackInputs')]
    assert values['lr'] == [1, 2] and values['default_scope'] == 'mmcomp'


def test_old_names_can_be_kept(config, tool, capsys):
    tool('print_config').main([config, '--no-modernize', '--format', 'json'])
    assert json.loads(capsys.readouterr().out)['pipeline'] == [dict(type='PackClsInputs')]


@pytest.mark.parametrize(('name', 'format_'), [('x.py', None), ('x.json', None), ('x.yml', None), ('x.txt', 'json')])
def test_a_written_file_loads_as_the_same_config(config, tool, capsys, tmp_path, name, format_):
    from mmcomp.apis.config import load_config
    out = tmp_path / name
    tool('print_config').main([config, '--out', str(out), *(['--format', format_] if format_ else [])])
    assert capsys.readouterr().out == ''
    loadable = out.rename(out.with_suffix('.json')) if format_ else out
    assert load_config(loadable).to_dict() == load_config(config).to_dict()
