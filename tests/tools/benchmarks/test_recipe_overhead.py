import re


def test_it_prints_a_table(tool, capsys):
    tool('benchmarks/recipe_overhead').main(['--stages', '2', '--jobs', '2'])
    out = capsys.readouterr().out
    assert len(re.findall(r'^\| .+ \| [\d.]+ \| [\d.]+ \|$', out, re.M)) == 5
