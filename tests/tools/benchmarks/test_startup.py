"""The commands do what they say, and the table names what they are measured over."""
import time

from mmcomp.testing.startup_speed import measure, startup_rows, write_ways


def test_each_command(tmp_path):
    quick = ['python -c pass', 'python -c "import mmcomp"', 'ensemble --help']
    rows = startup_rows(tmp_path, 2, quick)
    assert [row[0] for row in rows[1:]] == quick and [row[3] for row in rows[1:]] == ['', quick[0], quick[0]]
    assert all(float(row[2].split()[0]) > .9 for row in rows[2:])


def test_first_steps(tmp_path, tool, capsys):
    """Of both trainings; the mark is inside the run of the process."""
    for way in write_ways(tmp_path)[-2:]:
        start = time.monotonic()
        assert 0 < measure(way, tmp_path) < time.monotonic() - start, way.name
        assert not (tmp_path / way.command[-1] / 'first').exists()
    assert tool('benchmarks/startup').parse_args([]).rounds == 3
