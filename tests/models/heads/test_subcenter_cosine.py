"""Cosines are mmpretrain's, gradients too, with fewer bytes."""
import pytest
import torch
from mmpretrain.models.heads.margin_head import NormProduct

from mmcomp.models.heads.subcenter_cosine import subcenter_cosine
from mmcomp.testing.speed.step_memory import LivingBytes


@pytest.mark.parametrize('num_subcenters', [1, 3])
def test_as_the_product_of_normalized_vectors(num_subcenters):
    torch.manual_seed(0)
    product, features = NormProduct(4, 5, num_subcenters).double(), torch.randn(6, 4, dtype=torch.float64)
    product.weight.data[2] = 0
    features.requires_grad_()
    got, want = subcenter_cosine(features, product.weight, num_subcenters), product(features)
    torch.testing.assert_close(got, want)
    inputs, weights = (features, product.weight), torch.randn_like(want)
    got, want = (torch.autograd.grad(out, inputs, weights) for out in (got, want))
    torch.testing.assert_close(got[0], want[0])
    seen = torch.arange(5 * num_subcenters) != 2
    torch.testing.assert_close(got[1][seen], want[1][seen])


def test_no_copy_of_the_centres_in_the_forward_pass():
    with LivingBytes() as living:
        centers, features = torch.randn(300, 64, requires_grad=True), torch.randn(2, 64)
        out = subcenter_cosine(features, centers, 3)
    assert out.shape == (2, 100) and living.peak < 1.25 * centers.nbytes
