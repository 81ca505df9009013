"""Each modality is padded by itself; what a sample lacks is padding."""
import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate

from mmcomp.datasets.collating import collate_inputs
from mmcomp.errors import ConfigError, DataError
from mmcomp.models.classifiers.modality_data_preprocessor import ModalityDataPreprocessor, pad_rows

NONE = np.zeros(0, dtype=np.float16)


def samples(*frames: np.ndarray) -> list[dict]:
    return [dict(inputs=dict(text=np.arange(1, 3 + i, dtype=np.int32), frames=rows), data_samples=i)
            for i, rows in enumerate(frames)]


def features(count: int, width: int = 3) -> np.ndarray:
    return np.random.default_rng(count).normal(size=(count, width)).astype(np.float16)


@pytest.mark.parametrize('collate', [pseudo_collate, collate_inputs])
def test_what_is_there_is_kept_and_marked(collate):
    rows = [features(2), NONE, features(4), np.zeros((0, 3), dtype=np.float16)]
    found = ModalityDataPreprocessor()(collate(samples(*rows)))['inputs']
    assert found['text']['ids'].shape == found['text']['mask'].shape == (4, 8)
    assert [ids[mask].tolist() for ids, mask in zip(found['text']['ids'], found['text']['mask'])] == [
        [1, 2], [1, 2, 3], [1, 2, 3, 4], [1, 2, 3, 4, 5]]
    frames = found['frames']
    assert frames['features'].shape == (4, 4, 3) and frames['features'].dtype == torch.float32
    assert frames['mask'].sum(1).tolist() == [2, 0, 4, 0] and not frames['features'][~frames['mask']].any()
    for i, row in enumerate(rows):
        assert frames['features'][i, :len(row)].tolist() == row.astype(np.float32).tolist()


def test_mixed_precision_changes_nothing_of_it():
    data = pseudo_collate(samples(features(2), features(2), NONE))
    with torch.autocast('cpu', torch.bfloat16):
        found = ModalityDataPreprocessor()(data)['inputs']
    expected = ModalityDataPreprocessor()(data)['inputs']
    for name in found:
        for key, value in found[name].items():
            assert torch.equal(value, expected[name][key]) and value.dtype == expected[name][key].dtype


def test_a_batch_without_any_frame_has_the_width_that_the_encoder_wants():
    preprocessor = ModalityDataPreprocessor()
    preprocessor.learn_channels(dict(text=torch.nn.Identity(), frames=type('Encoder', (), dict(in_channels=5))))
    frames = preprocessor(pseudo_collate(samples(NONE, NONE)))['inputs']['frames']
    assert frames['features'].shape == (2, 1, 5) and not frames['mask'].any()
    with pytest.raises(DataError, match=r'\(5,\) in all samples; got \(3,\)'):
        preprocessor(pseudo_collate(samples(NONE, features(2))))


def test_fixed_widths():
    preprocessor = ModalityDataPreprocessor(lengths=dict(text=7, frames=4))
    found = preprocessor(pseudo_collate(samples(features(2), features(1))))['inputs']
    assert found['text']['ids'].shape == (2, 7) and found['frames']['features'].shape == (2, 4, 3)
    with pytest.raises(DataError, match='at most 4'):
        preprocessor(pseudo_collate(samples(features(5))))


@pytest.mark.parametrize(('how', 'mean', 'std'), [
    ('imagenet', (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    ('clip', (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)),
    (dict(mean=[0, 0, 0], std=[255, 255, 255]), (0, 0, 0), (1, 1, 1))])
def test_images_are_normalised_as_torchvision_does(how, mean, std):
    from torchvision.transforms.functional import normalize
    images = [torch.randint(256, (count, 3, 6, 5), dtype=torch.uint8) for count in (2, 3)]
    data = dict(inputs=[dict(frames=rows) for rows in images])
    found = ModalityDataPreprocessor(normalization=how)(data)['inputs']['frames']
    assert found['images'].shape == (2, 3, 3, 6, 5) and found['mask'].sum(1).tolist() == [2, 3]
    torch.testing.assert_close(found['images'][found['mask']], normalize(torch.cat(images) / 255, mean, std),
                               rtol=1e-4, atol=1e-4)


def test_faults():
    with pytest.raises(ConfigError, match='Did you mean `imagenet`'):
        ModalityDataPreprocessor(normalization='imagenets')
    padded, mask = pad_rows([np.zeros(0), np.zeros(0)], (2, ))
    assert padded.shape == (2, 1, 2) and not mask.any()
