"""Seeds of the ladder become one table."""
import mmcomp.testing.proofs.wechat_ladder as ladder


def test_one_table(root, tmp_path, monkeypatch):
    from mmcomp.cli import load_tool
    seen = []

    def climb(recipe, folder, seed, jobs, settings, view):
        seen.append((recipe.name, folder.name, seed, jobs, settings))
        return {'frames alone': dict(score=.5, macro=.25), 'single stream': dict(score=.5 + seed / 10, macro=.25)}, 60.
    monkeypatch.setattr(ladder, 'climb', climb)
    tool, out = load_tool(root / 'tools/benchmarks/sprites_ladder.py'), tmp_path / 'out.md'
    tool.main([str(tmp_path), '--seeds', '0', '2', '--set', 'a=1', '--work-dir', str(tmp_path), '--out', str(out)])
    settings = [f'stages.data.source={tmp_path}', 'a=1']
    assert seen == [('recipe_sprites.py', f'seed{seed}', seed, 1, settings) for seed in (0, 2)]
    text = out.read_text()
    assert '| single stream | 60.0 ± 14.1 | 25.0 ± 0.0 | +10.0 ± 14.1 | frames alone |' in text
    assert 'Seeds [0, 2]; seconds a seed: 60, 60.' in text
