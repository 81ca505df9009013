"""The benchmark counts passes and prints a row a way."""


def test_table(tool, capsys):
    tool('benchmarks/adversarial').main(['--layers', '1', '--width', '8', '--batch-size', '2', '--tokens', '4',
                                         '--rounds', '1'])
    rows = [line.strip('| ').split(' | ') for line in capsys.readouterr().out.splitlines()[2:]]
    assert [(row[0], row[1]) for row in rows] == [('plain', '1'), ('FGM', '2'), ('PGD, 3 steps', '4'),
                                                  ('AWP of all weights', '2')]
    assert float(rows[0][3].split()[0]) == 1
