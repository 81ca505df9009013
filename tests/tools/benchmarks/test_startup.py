"""The commands do what they say, and the table names what they are measured over."""
import time

from mmcomp.testing.speed.startup_speed import measure, write_ways


def test_without_torch(tool, capsys):
    tool('benchmarks/startup').main(['--quick', '--rounds', '2'])
    rows = [[cell.strip() for cell in line.split('|')[1:-1]] for line in capsys.readouterr().out.splitlines()[2:7]]
    assert [row[0] for row in rows[2:]] == ['python -c "import mmcomp"', 'ensemble --help', 'train --help']
    assert all(row[3] == rows[0][0] == 'python -c pass' and float(row[2].split()[0]) > 0 for row in rows[2:])


def test_first_steps(tmp_path):
    """Of both trainings; the mark is inside the run of the process."""
    for way in write_ways(tmp_path)[-2:]:
        start = time.monotonic()
        assert 0 < measure(way, tmp_path) < time.monotonic() - start, way.name
        assert not (tmp_path / way.command[-1] / 'first').exists()
