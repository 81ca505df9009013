import csv
import json


def test_from_noisy_labels_to_a_submission_and_a_second_time(tool, tmp_path, capsys):
    work = tmp_path / 'work'
    assert tool('demo').main(['--quick', '--work-dir', str(work)]) is None
    said = capsys.readouterr().out
    assert said.count('✓') == 33 and 'labels re-distributed' in said and 'INFO' not in said
    rows = list(csv.reader((work / 'submission.csv').open()))
    assert rows[0] == ['filename', 'class'] and len(rows) == 121
    counts = {name: sum(row[1] == name for row in rows[1:]) for name in map(str, range(10))}
    assert set(counts.values()) == {12}, 'as even as the test set is'
    ladder = json.loads(next(work.glob('stages/score/*/ladder.json')).read_text())
    assert len(ladder) == 7
    assert (work / 'report.html').stat().st_size > 10_000

    written = (work / 'submission.csv').read_bytes()
    tool('demo').main(['--quick', '--work-dir', str(work)])
    again = capsys.readouterr().out
    assert '▶' not in again and 'labels re-distributed' in again, 'nothing runs a second time'
    assert (work / 'submission.csv').read_bytes() == written


def test_data_only(tool, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    tool('demo').main(['--data-only', '--quick'])
    assert {p.name for p in (tmp_path / 'data/digits').iterdir()} >= {'train', 'test', 'meta', 'truth'}
    assert '120 test' in capsys.readouterr().out
