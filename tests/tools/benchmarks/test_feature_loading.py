"""A few videos are loaded and trained on."""
import re


def test_a_few_videos(root, capsys):
    from mmcomp.cli import load_tool
    small = dict(videos=64, frames=2, words=12, layers=1, width=8, steps=3, workers=0)
    tool = load_tool(root / 'tools/benchmarks/feature_loading.py')
    tool.main([word for name, value in small.items() for word in (f'--{name}', str(value))])
    said = capsys.readouterr().out
    assert re.search(r'\d+ \(\d+…\d+\) samples a second and core', said)
    assert 0 < float(re.search(r'1 layers of 8: ([\d.]+) % of a step', said)[1]) < 100
