"""InfoNCE as written out; two ranks are in the test of the whole model."""
import torch
import torch.nn.functional as F

from mmcomp.models.pretrain.alignment import gathered, in_batch_contrast


def test_both_directions():
    torch.manual_seed(0)
    one, other = F.normalize(torch.randn(2, 4, 5), dim=2).unbind()
    similar = (one @ other.T / 0.1).exp()
    want = -((similar.diag() / similar.sum(0)).log().mean() + (similar.diag() / similar.sum(1)).log().mean()) / 2
    torch.testing.assert_close(in_batch_contrast(one, other, 0.1), want)
    assert gathered(one) is one
