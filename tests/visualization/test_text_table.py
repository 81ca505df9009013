from mmcomp.visualization.text_table import text_table


def test_columns_line_up():
    assert text_table(['run', 'best'], [['a', 12.5], ['longer', None]]) == (
        'run     best\n------  ----\na       12.5\nlonger     -')
