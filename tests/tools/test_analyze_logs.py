import json

import cv2


def test_two_runs_in_a_table_and_a_picture(tool, tmp_path, capsys):
    for name, factor in (('a', 1.), ('b', 2.)):
        rows = [dict(loss=factor / i, time=.25, iter=i, step=i) for i in (10, 20)] + [{'accuracy/top1': 70., 'step': 1}]
        folder = tmp_path / name / '20260101_000000' / 'vis_data'
        folder.mkdir(parents=True)
        (folder / 'scalars.json').write_text('\n'.join(map(json.dumps, rows)))
    out = tmp_path / 'curves.png'
    tool('analyze_logs').main([str(tmp_path / 'a'), str(tmp_path / 'b'), '--keys', 'loss', '--out', str(out)])
    lines = [' '.join(line.split()) for line in capsys.readouterr().out.replace(str(tmp_path), '').splitlines()]
    assert '/a loss (min) 0.05 20 0.05' in lines and '/b loss (min) 0.1 20 0.1' in lines
    assert '/a 20 0.2500 0.00' in lines
    assert cv2.imread(str(out)).std() > 5
