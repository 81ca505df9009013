"""The benchmark of image pipelines runs every way and adds up."""
import re

import numpy as np

from mmcomp.testing.photos import SIZES, write_photos
from mmcomp.testing.speed.image_pipeline_speed import EXACT, LIMIT, STOCK, TIMM, decode, speed_rows


def test_it_prints_three_tables(tool, capsys, tmp_path):
    write_photos(tmp_path, 2)
    tool('benchmarks/image_pipeline').main(['--images', str(tmp_path), '--rounds', '1', '--batch-size', '2'])
    tables = capsys.readouterr().out.split('\n\n')
    assert len(tables) == 3 and tables[0].count('\n') == 7
    assert re.search(r'^\| `RandAugment` \| [\d.]+ \| [\d.]+ \|', tables[1], re.M)
    assert all(name in table for table in (tables[0], tables[2]) for name in (STOCK, TIMM, EXACT))


def test_ratios_are_round_by_round():
    seconds = np.array([[.040, .020, .010, .005], [.080, .030, .010, .005]])
    head, *rows = speed_rows([STOCK, TIMM, EXACT, LIMIT], seconds)
    assert rows[2] == [EXACT, '10.00', '100', '6.00 (4.00…8.00)', '2.50 (2.00…3.00)', '0.50 (0.50…0.50)']
    assert len(head) == 6


def test_photos_are_like_photos(tmp_path):
    paths = write_photos(tmp_path, 1)
    image = decode(paths[0])
    assert image.shape == (SIZES[0][1], SIZES[0][0], 3) and 40 < image.std() < 80
    neighbours = np.corrcoef(image[:, :-1].ravel(), image[:, 1:].ravel())[0, 1]
    assert .9 < neighbours < .999
