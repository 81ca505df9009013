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


def test_recipes_are_checked_with_the_configs_they_train(root, tool, capsys, tmp_path):
    recipes = [str(root / name) for name in ('configs/demo/recipe.py', 'configs/swin/recipe_accv.py')]
    assert tool('check_config').main(recipes) == 0
    assert '2 configs, 0 errors' in capsys.readouterr().out
    (tmp_path / 'bad.py').write_text("model = dict(type='ImageClassifer')\n")
    (tmp_path / 'recipe.py').write_text("stages = dict(a=dict(type='Train', config='bad.py', ann='nowhere.txt'))\n")
    assert tool('check_config').main([str(tmp_path / 'recipe.py')]) == 1
    assert 'Did you mean `ImageClassifier`' in capsys.readouterr().out
    (tmp_path / 'recipe.py').write_text("stages = dict(a=dict(type='Trane'))\n")
    assert tool('check_config').main([str(tmp_path / 'recipe.py')]) == 1
    assert '`Trane` is no stage type' in capsys.readouterr().out


def test_help_has_an_example(tool, capsys):
    with pytest.raises(SystemExit, match='0'):
        tool('check_config').main(['--help'])
    assert 'example:' in capsys.readouterr().out
