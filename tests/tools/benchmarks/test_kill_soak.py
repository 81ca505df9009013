"""The soak finds nothing here, and says so where there is something."""
from mmcomp.testing import kill_soak


def test_a_short_soak(tool, tmp_path, capsys):
    assert tool('benchmarks/kill_soak').main(
        ['--recipes', 'accumulation', '--ranks', '1', '--kills', '1', '--work-dir', str(tmp_path)]) == 0
    row = capsys.readouterr().out.splitlines()[-1].split(' | ')
    assert row[:3] == ['| accumulation', '1', '1'] and row[4] == '0'


def test_a_difference_is_told(tool, tmp_path, capsys, monkeypatch):
    found = kill_soak.Soak('mae', 1, ['step 3 rank 0', 'write 1 rank 0'], ['epoch_1.pth: /state_dict/a: 1 and 2'], 5.)
    monkeypatch.setattr(kill_soak, 'soak', lambda *args: found)
    assert tool('benchmarks/kill_soak').main(['--recipes', 'mae', '--ranks', '1', '--work-dir', str(tmp_path)]) == 1
    printed = capsys.readouterr()
    assert '| mae | 1 | 2 | 1 / 0 / 1 | 1 | 5 |' in printed.out and '/state_dict/a: 1 and 2' in printed.err
