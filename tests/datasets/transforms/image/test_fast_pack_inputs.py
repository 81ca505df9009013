import numpy as np
import pytest

from mmcomp.registry import TRANSFORMS

IMAGE = np.random.default_rng(0).integers(0, 256, (7, 9, 3), dtype=np.uint8)


@pytest.mark.parametrize('image', [IMAGE, np.flip(IMAGE, 1), IMAGE[::2, 1:], IMAGE[..., 0], IMAGE[..., :1],
                                   IMAGE.astype(np.float32)], ids=lambda i: f'{i.shape} {i.dtype}')
def test_the_same_sample(image):
    results = dict(img=image, gt_label=3, sample_idx=5, img_path='a.jpg', flip=True, scale_factor=(.5, 2.))
    got, expected = (TRANSFORMS.build(dict(type=name, algorithm_keys=('extra', )))(dict(results, extra=7))
                     for name in ('FastPackInputs', 'PackInputs'))
    assert got['inputs'].dtype == expected['inputs'].dtype and got['inputs'].equal(expected['inputs'])
    assert got['inputs'].is_contiguous()
    samples = got['data_samples'], expected['data_samples']
    assert samples[0].metainfo == samples[1].metainfo and samples[0].keys() == samples[1].keys()
    assert samples[0].gt_label.equal(samples[1].gt_label) and samples[0].extra == 7


def test_the_sample_does_not_share_the_images_memory():
    image = IMAGE.copy()
    packed = TRANSFORMS.build(dict(type='FastPackInputs'))(dict(img=image))['inputs']
    image[:] = 0
    assert (packed.permute(1, 2, 0).numpy() == IMAGE).all()
