"""Frames of a sample."""
import numpy as np
import pytest

from mmcomp.errors import ConfigError
from mmcomp.registry import TRANSFORMS


def made(**kwargs):
    return TRANSFORMS.build(dict(type='SampleFrames', **kwargs))


def kept(transform, count):
    return transform(dict(frames=np.arange(count)))['frames'].tolist()


@pytest.mark.parametrize('choice', ['spread', 'stride', 'dense_tail', 'random'])
def test_few_frames_all_stay(choice):
    for count in (0, 1, 13, 14):
        assert kept(made(choice=choice), count) == list(range(count))


def test_tests_are_repeatable_and_training_is_seeded():
    assert kept(made(), 32) == kept(made(), 32) and kept(made(), 32)[-1] == 31
    random = made(choice='random')
    np.random.seed(1)
    one, other = kept(random, 32), kept(random, 32)
    np.random.seed(1)
    assert kept(random, 32) == one != other and one == sorted(one) and len(set(one)) == 14


def test_a_number_of_frames_drawn_for_each_sample():
    np.random.seed(0)
    assert {len(kept(made(max_frames=[5, 32], choice='random'), 40)) for _ in range(30)} == {5, 32}


def test_only_what_is_kept_is_read():
    class Frames:
        def __len__(self):
            return 32

        def take(self, indices):
            return list(indices)
    found = made(max_frames=2)(dict(frames=Frames()))
    assert found['frames'] == [0, 31] == found['frame_indices'].tolist()


def test_settings():
    for wrong in (dict(max_frames=0), dict(max_frames=[5, 32]), dict(choice='all'), dict(view=2, views=2),
                  dict(views=2, choice='stride')):
        with pytest.raises(ConfigError):
            made(**wrong)
