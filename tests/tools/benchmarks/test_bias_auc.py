import re


def test_it_prints_seconds_and_both_ways_agree(tool, capsys):
    tool('benchmarks/bias_auc').main(['--rows', '300', '--groups', '2', '--rounds', '2'])
    out = capsys.readouterr().out
    assert len(re.findall(r'^\| .+ \| \d.* \| \d.* \|$', out, re.M)) == 2
    assert float(re.search(r'the largest gap is (\S+)\.$', out, re.M)[1]) < 1e-12
