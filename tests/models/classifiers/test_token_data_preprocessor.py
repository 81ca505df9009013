"""Rows of ids to a padded batch."""
import numpy as np
import pytest
import torch

from mmcomp.models.classifiers.token_data_preprocessor import TokenDataPreprocessor, pad_ids

ROWS = [np.array([5, 6, 7], dtype=np.int32), np.array([], dtype=np.int32), torch.tensor([8] * 9)]


@pytest.mark.parametrize(('multiple', 'width'), [(8, 16), (1, 9), (5, 10)])
def test_what_is_there_is_kept_and_marked(multiple, width):
    found = pad_ids(ROWS, multiple)
    assert found['ids'].shape == found['mask'].shape == (3, width)
    assert [row[mask].tolist() for row, mask in zip(found['ids'], found['mask'], strict=True)] == [
        list(map(int, row)) for row in ROWS]
    assert all(mask.tolist() == sorted(mask.tolist(), reverse=True) for mask in found['mask'])


def test_a_batch_of_nothing_has_a_place():
    assert pad_ids([[], []], 1)['ids'].shape == (2, 1)


def test_samples_go_along():
    found = TokenDataPreprocessor()(dict(inputs=ROWS, data_samples=['a', 'b', 'c']))
    assert found['data_samples'] == ['a', 'b', 'c'] and found['inputs']['ids'].dtype == torch.int64
