"""The benchmark's ways agree, and it prints what they took."""
import shutil

import pytest
import torch

from mmcomp.checkpoints.loading import load_checkpoint
from mmcomp.errors import DataError
from mmcomp.testing.speed import soup_speed
from mmcomp.testing.speed.soup_speed import float64, ours, published, swin_shapes, weight_ranges, write_checkpoints


def test_it_prints_a_table(tool, capsys, tmp_path, monkeypatch):
    watched = []
    monkeypatch.setattr(soup_speed, 'watch', lambda way, paths, out, cold: watched.append((way, cold)) or
                        soup_speed.Cost(4. if way == 'ours' else 2., 1., 10**9, 3 * 10**9))
    tool('benchmarks/soup').main(['--members', '2', '--width', '2', '--folder', str(tmp_path)])
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith('| ')]
    assert '| ours, to .pth | 4.00 | 2.00 | 3.00 | 4.00 | 2.00 | 1.00 | 1.00 |' in rows and len(rows) == 8
    assert len(watched) == 14 and not list(tmp_path.iterdir())


def test_a_way_is_watched(tmp_path):
    paths = write_checkpoints(tmp_path, 2, 16)
    cost = soup_speed.watch('published', paths, tmp_path / 'soup.pth', cold=False)
    # Two whole checkpoints of 1.4 M values, three times over; it may be over between two looks.
    assert 0 < cost.seconds < 60 and cost.anonymous < 2e8 and (tmp_path / 'soup.pth').is_file()
    with pytest.raises(RuntimeError, match='ours ended with status'):
        soup_speed.watch('ours', [tmp_path / 'soup.pth'], tmp_path / 'soup.bin', cold=True)


def test_ways_agree(tmp_path):
    paths = write_checkpoints(tmp_path, 3, 2)
    for way, out in ((published, 'a.pth'), (float64, 'b.pth'), (ours, 'c.pth'), (ours, 'd.safetensors')):
        way(paths, tmp_path / out)
    a, b, c, d = [load_checkpoint(tmp_path / f)['state_dict'] for f in ('a.pth', 'b.pth', 'c.pth', 'd.safetensors')]
    for name in a:
        torch.testing.assert_close(a[name], b[name])
        torch.testing.assert_close(c[name], b[name])
        assert torch.equal(c[name], d[name])


def test_where_the_weights_lie(tmp_path):
    path, = write_checkpoints(tmp_path, 1, 2)
    content, state = path.read_bytes(), load_checkpoint(path)['state_dict']
    for (begin, end), tensor in zip(weight_ranges(path), state.values(), strict=True):
        assert content[begin:end] == tensor.numpy().tobytes()
    sizes = [torch.Size(shape).numel() for shape in swin_shapes().values()]
    assert 195e6 < sum(sizes) < 200e6


def test_a_small_disk_is_told_before(tool, tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, 'disk_usage', lambda path: shutil._ntuple_diskusage(10, 10, 10**9))
    with pytest.raises(DataError, match='has 1.0 GB free, 19.2 are needed'):
        tool('benchmarks/soup').main(['--full', '--folder', str(tmp_path)])
