"""The command: one line a fault, a summary, an exit status."""
import pytest


@pytest.fixture
def config(tmp_path):
    path = tmp_path / 'a.py'
    path.write_text("model = dict(type='ImageClassifier', backbone=dict(type='ResNet', depth=18))\n"
                    "load_from = 'nowhere.pth'\nunused = 1\n")
    return str(path)


def test_warnings_pass_and_errors_do_not(config, tool, capsys):
    main = tool('check_config').main
    assert main([config]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f'{config}: warning: load_from: no such file: nowhere.pth')
    assert lines[1].startswith(f'{config}: warning: unused: ')
    assert lines[2:] == ['1 configs, 0 errors, 2 warnings']
    assert main([config, '--strict']) == 1
    assert f'{config}: load_from: ' in capsys.readouterr().out


def test_options_are_merged_and_files_are_counted(config, tool, capsys, tmp_path):
    assert tool('check_config').main([config, str(tmp_path / 'b.py'), '--cfg-options', 'model.backbone.dept=50']) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f'{config}: model.backbone.dept: ResNet takes no argument `dept`. Did you mean `depth`')
    assert any('no such file' in line and 'b.py' in line for line in lines)
    assert lines[-1] == '2 configs, 2 errors, 2 warnings'


def test_help_has_an_example(tool, capsys):
    with pytest.raises(SystemExit, match='0'):
        tool('check_config').main(['--help'])
    assert 'example:' in capsys.readouterr().out
