import torch

from mmcomp.apis.onnx_export.feeds import axes, described, flattened, made_up, nested, parted, trimmed

MASK = torch.arange(6) < torch.tensor([4, 2])[:, None]
TWO = dict(text=dict(ids=torch.arange(12).view(2, 6), mask=MASK), frames=dict(features=torch.randn(2, 3, 5),
                                                                              mask=torch.ones(2, 3, dtype=torch.bool)))


def test_names_lead_back_to_the_inputs():
    image = torch.zeros(2, 3, 4, 4)
    for inputs in (image, TWO['text'], TWO):
        flat = flattened(inputs)
        again = nested(flat, inputs)
        assert all(torch.equal(a, b) for a, b in zip(flat.values(), flattened(again).values(), strict=True))
    assert list(flattened(TWO)) == ['text_ids', 'text_mask', 'frames_features', 'frames_mask']
    assert parted('text_type_ids') == ('text', 'type_ids') and parted('mask') == ('', 'mask')
    assert axes(['image', 'ids', 'frames_mask']) == dict(
        image={0: 'batch'}, ids={0: 'batch', 1: 'length'}, frames_mask={0: 'batch', 1: 'frames_length'})


def test_padding_that_no_sequence_reaches_is_left_out():
    found = trimmed(flattened(TWO))
    assert found['text_ids'].tolist() == [[0, 1, 2, 3], [6, 7, 8, 9]] and found['text_mask'].shape == (2, 4)
    assert found['frames_features'].shape == (2, 3, 5)


def test_made_up_inputs_are_like_real_ones():
    made = made_up(flattened(TWO), 5, lambda length: length + 1)
    assert described(made) == 'text_ids 5 x 7, frames_features 5 x 4 x 5'
    assert set(made['text_ids'].flatten().tolist()) <= set(range(12))
    for name in ('text_mask', 'frames_mask'):
        lengths = made[name].sum(dim=1)
        assert torch.equal(made[name], torch.arange(made[name].shape[1]) < lengths[:, None])
        assert lengths[0] == made[name].shape[1]
    assert made['text_mask'][-1].any() and not made['frames_mask'][-1].any(), 'a video without frames'
    image = torch.zeros(2, 3, 4, 4, dtype=torch.uint8)
    pixels = made_up(dict(image=image), 40, lambda length: length)['image']
    assert pixels.dtype == torch.uint8 and pixels.shape == (40, 3, 4, 4) and pixels.max() > 250 > 5 > pixels.min()
