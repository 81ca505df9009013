import pytest

from mmcomp.visualization.barriers import draw_barriers


@pytest.mark.parametrize('curves', [{}, {'a': [(0, .9), (.5, .2), (1, .8)], 'b': [(0, .9), (1, .7)]}])
def test_a_picture_is_written(tmp_path, curves):
    draw_barriers({'accuracy/top1': curves, 'loss': curves}, tmp_path / 'x.png')
    assert (tmp_path / 'x.png').read_bytes().startswith(b'\x89PNG')
