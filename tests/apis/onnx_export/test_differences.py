import numpy as np

from mmcomp.apis.onnx_export.differences import compare, first_changes, rank_change, ranks


def test_worked_out_by_hand():
    ours = np.array([[3., 1., 2.], [0., 5., 4.], [1., 2., 3.]], np.float32)
    theirs = ours + np.array([[0., 0., 1.5], [0., 0., 0.], [0., 0.25, 0.]], np.float32)
    assert ranks(ours, 1).tolist() == [[0, 2, 1], [2, 0, 1], [2, 1, 0]]
    assert first_changes(ours, theirs) == 1 and rank_change(ours, theirs) == 1
    found = compare('made-up', 'x 3 x 3', ours, theirs, 1)
    assert (found.largest, found.mean, found.first_changes, found.rank_change) == (1.5, 1.75 / 9, 1, 1)


def test_tasks_are_ranked_among_samples_and_have_no_first():
    ours = np.array([[.9, .1], [.5, .2], [.1, .3]])
    theirs = np.array([[.9, .4], [.5, .2], [.1, .3]])
    found = compare('test data', '', ours, theirs, 0)
    assert found.first_changes is None and found.rank_change == 2
    assert compare('test data', '', ours, theirs).rank_change is None


def test_what_is_no_number_is_no_small_difference():
    ours = np.zeros((2, 2))
    assert np.isnan(compare('', '', ours, np.array([[0, np.nan], [0, 0]])).largest)
