"""Seeds of the ladder become one table."""
import mmcomp.testing.proofs.wechat_ladder as ladder


def test_one_table(root, tmp_path, monkeypatch):
    from mmcomp.cli import load_tool
    seen = []

    def climb(recipe, folder, seed, jobs, settings, view):
        seen.append((recipe.name, folder.name, seed, jobs, settings))
        return dict(base=dict(score=.5 + seed / 10, macro=.25)), 60. + seed
    monkeypatch.setattr(ladder, 'climb', climb)
    tool, out = load_tool(root / 'tools/benchmarks/wechat_ladder.py'), tmp_path / 'out.md'
    tool.main(['--seeds', '0', '2', '--jobs', '2', '--set', 'a=1', '--work-dir', str(tmp_path), '--out', str(out)])
    assert seen == [('recipe_ladder.py', f'seed{seed}', seed, 2, ['a=1']) for seed in (0, 2)]
    text = out.read_text()
    assert '| base | 0.600 ± 0.141 | 0.250 ± 0.000 |' in text and 'Seeds [0, 2]; seconds a seed: 60, 62.' in text
