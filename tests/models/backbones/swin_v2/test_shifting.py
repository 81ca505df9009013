"""Windows and masks are mmpretrain's."""
import pytest
import torch
from mmpretrain.models.utils import ShiftWindowMSA

from mmcomp.models.backbones.swin_v2.shifting import join_windows, shift_mask, split_windows


@pytest.mark.parametrize(('height', 'width', 'window', 'shift'), [(8, 8, 4, 2), (4, 12, 4, 2), (6, 9, 3, 1)])
def test_as_in_mmpretrain(height, width, window, shift):
    maps = torch.arange(2 * height * width * 3).view(2, height, width, 3)
    windows = split_windows(maps, window)
    assert torch.equal(windows, ShiftWindowMSA.window_partition(maps, window).flatten(1, 2))
    assert torch.equal(join_windows(windows, window, height, width), maps)
    torch.testing.assert_close(shift_mask(height, width, window, shift), ShiftWindowMSA.get_attn_mask(
        (height, width), window, shift), rtol=0, atol=0)
