import zipfile

import numpy as np
import pytest

from mmcomp.errors import TableError
from mmcomp.predictions.submissions.submission import fit_to_sample, pad_digits, read_sample, write_submission

IDS, NAMES = np.array(['test/b.jpg', 'test/a.jpg', 'test/c.jpg']), np.array(['0042', '0007', '0001'])


def sample(tmp_path, text, **kwargs):
    (tmp_path / 'sample.csv').write_text(text)
    return read_sample(tmp_path / 'sample.csv', **kwargs)


def test_order_spelling_and_header_are_the_samples(tmp_path):
    example = sample(tmp_path, 'image_id,label\na.jpg,0000\nb.jpg,0000\nc.jpg,0000\n')
    ids, names = fit_to_sample(IDS, NAMES, example, 'pred.csv')
    write_submission(tmp_path / 'out.csv', ids, names, example.header)
    assert (tmp_path / 'out.csv').read_text() == 'image_id,label\na.jpg,0007\nb.jpg,0042\nc.jpg,0001\n'


@pytest.mark.parametrize('text, words', [
    ('id,class\na.jpg,0\nb.jpg,0\nd.jpg,0\n', 'd.jpg'),
    ('id,class\na.jpg,0\nb.jpg,0\n', r'test/c.jpg.*only'),
    ('id,class\na.jpg,00000\nb.jpg,00000\nc.jpg,00000\n', '--digits 5')])
def test_ids_and_digits_must_agree(tmp_path, text, words):
    with pytest.raises(TableError, match=words):
        fit_to_sample(IDS, NAMES, sample(tmp_path, text), 'pred.csv')


@pytest.mark.parametrize('text, words', [
    ('id,class\na,0\na,1\n', 'unique'), ('id,class\n', 'no rows'), ('', 'no rows'), ('id,x,y\na,0,1\n', 'two columns')])
def test_odd_samples(tmp_path, text, words):
    with pytest.raises(TableError, match=words):
        sample(tmp_path, text)


def test_zips_hold_the_csv_and_repeat(tmp_path):
    contents = []
    for _ in range(2):
        target = write_submission(tmp_path / 'pred_results.csv', IDS, NAMES, None, zipped=True)
        contents.append(target.read_bytes())
        with zipfile.ZipFile(target) as archive:
            assert archive.namelist() == ['pred_results.csv']
            assert archive.read('pred_results.csv').decode().splitlines()[0] == 'test/b.jpg,0042'
    assert contents[0] == contents[1] and target.name == 'pred_results.zip'


def test_digits():
    assert pad_digits(np.array(['1', '042', '5000']), 4).tolist() == ['0001', '0042', '5000']
    for bad in ('cat', '12345'):
        with pytest.raises(TableError, match=bad):
            pad_digits(np.array(['1', bad]), 4)
