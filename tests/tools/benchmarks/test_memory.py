"""The benchmark prints a row a switch."""
from mmcomp.testing.speed import step_memory


def test_it_prints_a_table(tool, capsys, monkeypatch, root):
    asked = []
    monkeypatch.setattr(step_memory, 'step_bytes', lambda cfg, batch_size, image_size, **way: asked.append(
        (batch_size, image_size)) or dict(peak=4 * 10**9 // len(asked), weights=10**9, states=2 * 10**9))
    tool('benchmarks/memory').main([str(root / 'configs/swin/l-384-arc.py'), '--batch-size', '8', '--ranks', '2'])
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith('| ')]
    assert rows[1:3] == ['| (none: float32) | 4.0 | 2.0 | 100 |', '| `--amp` | 2.0 | 2.0 | 50 |'] and len(rows) == 7
    assert asked == [(8, 384), (8, 384), (2, 384), *[(8, 384)] * 3]
