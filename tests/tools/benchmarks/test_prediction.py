"""Both ways come to the same scores; the table says so."""


def test_small(tool, capsys):
    tool('benchmarks/prediction').main(['--images', '20', '--classes', '7', '--batch-size', '8', '--rounds', '2',
                                        '--checkpoints', '2'])
    rows = [line.split('|')[1:-1] for line in capsys.readouterr().out.splitlines() if line.startswith('|')][2:]
    assert [row[0].strip() for row in rows] == ['one checkpoint', 'two views', '2 checkpoints']
    assert all(float(row[1]) > 0 and float(row[2]) > 0 and float(row[4]) < 1e-6 for row in rows)
