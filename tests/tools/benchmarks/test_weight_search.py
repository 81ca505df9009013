import re

import pytest

from mmcomp.errors import ConfigError
from mmcomp.testing.speed.weight_search_speed import check_disk


def test_it_prints_a_table_and_the_dense_way_agrees(tool, capsys, tmp_path):
    tool('benchmarks/weight_search').main(['--samples', '300', '--members', '3', '--classes', '8',
                                           '--dense-samples', '200', '--dir', str(tmp_path)])
    out = capsys.readouterr().out
    assert len(re.findall(r'^\| .+ \| [\d.]+ \| [\d.]+ \| \d+ \|$', out, re.M)) >= 15
    assert 'The dense weights are ours' in out and not list(tmp_path.iterdir())


def test_a_full_disk_is_told(tmp_path):
    with pytest.raises(ConfigError, match='GB free'):
        check_disk(tmp_path, 1 << 60)
