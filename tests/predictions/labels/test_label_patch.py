import numpy as np
import pytest

from mmcomp.errors import DataError
from mmcomp.predictions.labels.label_patch import LabelPatch, apply_patch, read_patch, write_patch


def a_patch():
    return LabelPatch(['b 1.jpg', 'd.jpg', 'a,"x".jpg'], np.array([1, 3, 0]), np.array([2, 0, 1]),
                      np.array([-.9, -.5, -.25]), ['drop', 'relabel', 'keep'])


def test_round_trip(tmp_path):
    write_patch(a_patch(), tmp_path / 'patch.csv')
    back = read_patch(tmp_path / 'patch.csv')
    for name in ('paths', 'actions'):
        assert getattr(back, name) == getattr(a_patch(), name)
    for name in ('given', 'suggested', 'scores'):
        np.testing.assert_array_equal(getattr(back, name), getattr(a_patch(), name))


def test_apply_drops_relabels_and_keeps():
    paths, labels = ['a,"x".jpg', 'b 1.jpg', 'c.jpg', 'd.jpg'], np.array([0, 1, 1, 3])
    new_paths, new_labels = apply_patch(a_patch(), paths, labels)
    assert new_paths == ['a,"x".jpg', 'c.jpg', 'd.jpg'] and new_labels.tolist() == [0, 1, 0]
    assert labels.tolist() == [0, 1, 1, 3] and len(paths) == 4


def test_a_patch_of_another_list_is_refused():
    with pytest.raises(DataError, match='not in it: d.jpg'):
        apply_patch(a_patch(), ['a,"x".jpg', 'b 1.jpg'], np.array([0, 1]))
    with pytest.raises(DataError, match='d.jpg.*labelled 3'):
        apply_patch(a_patch(), ['a,"x".jpg', 'b 1.jpg', 'd.jpg'], np.array([0, 1, 2]))


@pytest.mark.parametrize('text, words', [
    ('', 'empty'), ('path,label\n', 'header'),
    ('path,given_label,suggested_label,score,action\na,1,2,-0.5,delete\n', ':2.*action'),
    ('path,given_label,suggested_label,score,action\na,1,2,-0.5,drop\na,1,x,-0.5,drop\n', ':3.*numbers'),
    ('path,given_label,suggested_label,score,action\na,1,2\n', ':2.*5 fields')])
def test_faults_name_file_and_line(tmp_path, text, words):
    (tmp_path / 'p.csv').write_text(text)
    with pytest.raises(DataError, match=f'p.csv.*{words}'):
        read_patch(tmp_path / 'p.csv')
