import cv2
import numpy as np


def test_prepare_says_what_it_wrote(tool, tmp_path, capsys):
    for c in 'ab':
        (tmp_path / 'train' / c).mkdir(parents=True)
        for i in range(4):
            cv2.imwrite(str(tmp_path / f'train/{c}/{i}.png'), np.full((4, 4, 3), i, np.uint8))
    (tmp_path / 'train/a/x.jpg').write_text('<html>')
    tool('prepare').main([str(tmp_path), '--val-per-class', '1'])
    shown = capsys.readouterr().out
    assert '2 classes; all.txt: 8 rows, train.txt: 6 rows, val.txt: 2 rows, mae.txt: 8 rows' in shown
    assert 'left out train/a/x.jpg: does not decode' in shown
