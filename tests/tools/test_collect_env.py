import json
import platform


def test_lines_and_json_hold_the_same_facts(tool, capsys):
    tool('collect_env').main([])
    lines = capsys.readouterr().out
    tool('collect_env').main(['--json'])
    facts = json.loads(capsys.readouterr().out)
    assert facts['Python'].startswith(platform.python_version())
    assert all(name in lines and value in lines for name, value in facts.items() if name != 'disk here')
