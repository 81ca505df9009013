import numpy as np
import torch

from mmcomp.datasets.collating import collate_inputs


def test_one_shape_becomes_one_tensor_and_others_a_list():
    images = [torch.full((3, 4, 5), float(i)) for i in range(3)]
    alike = collate_inputs([dict(inputs=image, data_samples='x') for image in images])
    assert alike.keys() == {'inputs'} and torch.equal(alike['inputs'], torch.stack(images))
    ragged = [images[0], images[1][:2]]
    assert collate_inputs([dict(inputs=image) for image in ragged])['inputs'] == ragged
    words = [np.arange(3), np.arange(3)]
    assert all(a is b for a, b in zip(collate_inputs([dict(inputs=w) for w in words])['inputs'], words))


def test_views_are_collated_each():
    rows = [dict(inputs=[torch.full((2, 2), i), torch.full((3, 3), 10 + i)]) for i in range(4)]
    first, second = collate_inputs(rows)['inputs']
    assert first[:, 0, 0].tolist() == [0, 1, 2, 3] and second.shape == (4, 3, 3) and second[2, 0, 0] == 12
