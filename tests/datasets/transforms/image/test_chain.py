import cv2
import numpy as np
import pytest
from mmpretrain.datasets import RandAugment

from mmcomp.datasets.transforms.image.chain import Chain
from mmcomp.datasets.transforms.image.operations import Table, Warp, adjust_color, drawn_operation
from mmcomp.registry import TRANSFORMS

RECIPE = dict(policies='timm_increasing', num_policies=2, magnitude_level=9, magnitude_std=.5,
              hparams=dict(pad_val=[104, 116, 124]))
TABLES = ('AutoContrast', 'Equalize', 'Invert', 'Posterize', 'Solarize', 'SolarizeAdd', 'Contrast', 'Brightness')
PHOTO = cv2.resize(np.random.default_rng(0).integers(0, 256, (12, 9, 3), dtype=np.uint8), (90, 80))


def drawn(names, seed):
    """Operations of these names with random magnitudes; all of them happen."""
    np.random.seed(seed)
    ops = {type(op).__name__: op for op in RandAugment(**RECIPE)}
    for name in names:
        ops[name].prob = 1.
    return [drawn_operation(ops[name], PHOTO.shape) for name in names]


def both_ways(operations):
    chain, one_by_one = Chain(PHOTO), PHOTO
    for operation in operations:
        chain.add(operation)
        one_by_one = operation(one_by_one)
    return chain.image.astype(int), one_by_one.astype(int)


@pytest.mark.parametrize('second', [name for name in TABLES if name != 'Contrast'])
@pytest.mark.parametrize('first', TABLES)
def test_two_tables_in_one_look_up_are_both(first, second):
    joined, apart = both_ways(drawn([first, second], 1))
    np.testing.assert_array_equal(joined, apart)


@pytest.mark.parametrize('first', TABLES)
def test_the_mean_of_a_table_is_within_a_level(first):
    joined, apart = both_ways(drawn([first, 'Contrast'], 2))
    assert np.abs(joined - apart).max() <= 1


def test_two_moves_in_one_warp_are_near_both_where_both_see_the_image():
    """Turning, leaning and shifting a smooth image: a level or two on average in the middle."""
    for seed, names in enumerate((['Rotate', 'Shear'], ['Shear', 'Translate'], ['Translate', 'Rotate', 'Shear']) * 4):
        moves = drawn(names, seed)
        joined, apart = both_ways(moves)
        seen = np.full_like(PHOTO, 255)
        for move in moves:
            seen = Warp(move.matrix, cv2.INTER_LINEAR, (0, 0, 0))(seen)
        inside = cv2.erode(seen, np.ones((5, 5))) == 255
        assert inside.mean() > .05 and np.abs(joined - apart)[inside].mean() < 6


def test_moves_by_whole_pixels_there_and_back_lose_nothing():
    there = np.array([[1, 0, 7.], [0, 1, 0]])
    joined, apart = both_ways([Warp(there, cv2.INTER_NEAREST, (1, 2, 3)),
                               Warp(there * [[1, 1, -1], [1, 1, 1]], cv2.INTER_NEAREST, (1, 2, 3))])
    np.testing.assert_array_equal(joined, PHOTO)
    assert (apart[:, -7:] == (1, 2, 3)).all()


def test_what_can_not_be_joined_keeps_its_order():
    move = Warp(np.array([[1, 0, 9.], [0, 1, 0]]), cv2.INTER_NEAREST, (10, 20, 30))
    other_pad = Warp(move.matrix, cv2.INTER_NEAREST, (0, 0, 0))
    invert = Table(lambda levels: np.arange(255, -1, -1, np.uint8))
    for operations in ([move, invert], [invert, move], [move, other_pad], [move, invert, move, invert],
                       [invert, lambda image: adjust_color(image, .2), invert]):
        np.testing.assert_array_equal(*both_ways(operations))


def test_a_chain_of_one_is_exact_and_the_switch_draws_the_same_numbers():
    ours, stock = (TRANSFORMS.build(dict(RECIPE, **kind)) for kind in (dict(type='FastRandAugment', compose=True),
                                                                     dict(type='RandAugment')))
    apart = []
    for seed in range(60):
        np.random.seed(seed)
        got = ours(dict(img=PHOTO))['img']
        state = np.random.get_state()[1]
        np.random.seed(seed)
        expected = stock(dict(img=PHOTO))['img']
        np.testing.assert_array_equal(np.random.get_state()[1], state)
        apart.append(np.abs(got.astype(int) - expected).mean())
    assert np.mean(np.array(apart) < .1) > .8, 'most samples have at most one operation, or two that are not joined'
