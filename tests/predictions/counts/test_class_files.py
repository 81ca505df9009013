import numpy as np
import pytest

from mmcomp.errors import TableError
from mmcomp.predictions.counts.class_files import read_bounds, read_prior

CLASSES = ('cat', 'dog', 'cow')


def test_counts_come_in_the_order_of_the_table(tmp_path):
    path = tmp_path / 'prior.csv'
    path.write_text('class,count\ncow,3\ncat,1\n\ndog,0\n')
    assert read_prior(path, CLASSES).tolist() == [1, 0, 3]
    path.write_text('cow,.5\ncat,.25\ndog,.25\n')
    assert read_prior(path, CLASSES).tolist() == [.25, .25, .5]


def test_bounds(tmp_path):
    path = tmp_path / 'bounds.csv'
    path.write_text('class,fewest,most\ncow,3,4\ncat,0,9\ndog,2,2\n')
    low, high = read_bounds(path, CLASSES)
    assert low.tolist() == [0, 2, 3] and high.tolist() == [9, 2, 4] and low.dtype == np.int64
    for text, words in (('cow,4,3\ncat,0,9\ndog,2,2', 'bounds of cow'), ('cow,1.5,3\ncat,0,9\ndog,2,2', 'integers')):
        path.write_text(text)
        with pytest.raises(TableError, match=words):
            read_bounds(path, CLASSES)


@pytest.mark.parametrize('text, words', [
    ('cow,3\ncat,1\n', '1 of 3 classes are missing: dog'), ('cow,3\ncat,1\ndog,1\nhen,1', 'x.csv:4.*got .hen'),
    ('cow,3\ncat,1\ndog,1\ncow,2', 'x.csv:4.*line 1 has it too'), ('cow,3\ncat,-1\ndog,1', 'x.csv:2.*from 0 up'),
    ('cow,nan\ncat,1\ndog,1', 'x.csv:1'), ('cow,3\ncat\ndog,1', 'x.csv:2'), ('cow,0\ncat,0\ndog,0', 'above zero'),
    ('cows,3\ncat,1\ndog,1', 'Did you mean `cow`'), ('', '3 of 3 classes are missing')])
def test_faults(tmp_path, text, words):
    path = tmp_path / 'x.csv'
    path.write_text(text)
    with pytest.raises(TableError, match=words):
        read_prior(path, CLASSES)
    with pytest.raises(TableError, match='no such file'):
        read_prior(tmp_path / 'none.csv', CLASSES)
