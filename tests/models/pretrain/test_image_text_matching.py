"""What counts as a right pair, with tokens that say which sample they are of."""
import pytest
import torch
from torch import nn

from mmcomp.errors import ConfigError
from mmcomp.models.pretrain.image_text_matching import ImageTextMatching
from mmcomp.models.pretrain.pretraining_batch import PretrainingBatch
from mmcomp.structures import TokenSequence


class Given(nn.Module):
    """An encoder of tokens that are given."""

    def forward(self, inputs):
        return TokenSequence(inputs['tokens'], inputs['mask'])


class SideBySide(nn.Module):
    """A fusion that changes nothing."""

    def forward(self, sequences):
        frames, text = sequences['frames'], sequences['text']
        length = frames.mask.shape[1]
        return TokenSequence(torch.cat([frames.tokens, text.tokens], dim=1), torch.cat([frames.mask, text.mask], dim=1),
                             parts=dict(frames=(slice(0, length), ), text=(slice(length, None), )))


class Difference(nn.Module):
    """Logits of a wrong and a right pair from what is pooled of the frames alone: the sample's own number."""

    def __init__(self, logits):
        super().__init__()
        self.logits = logits

    def forward(self, vectors):
        return torch.cat([torch.zeros_like(vectors), vectors], dim=1)[:, -self.logits:]


def batch_of(size):
    """Frames of sample i are i + 1 where there are any and wrong beside; each has its own number of them."""
    mask = torch.arange(5) < 1 + torch.arange(size)[:, None] % 4
    frames = torch.where(mask, 1. + torch.arange(size)[:, None], 99.)[..., None]
    text = torch.ones(size, 3, 1)
    return PretrainingBatch(nn.ModuleDict(dict(frames=Given(), text=Given())), SideBySide(), dict(
        frames=dict(tokens=frames, mask=mask), text=dict(tokens=text, mask=torch.ones(size, 3, dtype=torch.bool))))


@pytest.mark.parametrize(('size', 'videos'), [
    (8, [0, 1, 2, 3, 7, 6, 5, 4]), (6, [0, 1, 2, 5, 4, 3]), (7, [0, 1, 2, 6, 5, 4, 3]), (3, [0, 2, 1])])
@pytest.mark.parametrize('logits', [1, 2])
def test_a_pair_is_right_where_its_video_has_not_moved(size, videos, logits):
    """Of a half with an odd number of samples the middle one stays, and counts as right."""
    task, batch = ImageTextMatching(1, part='frames', pooling='mean', logits=logits), batch_of(size)
    task.head = Difference(logits)
    found = task.loss(batch, task.change(batch))
    chances = torch.sigmoid(1. + torch.tensor(videos, dtype=torch.float64))
    right = torch.tensor([place == video for place, video in enumerate(videos)])
    assert right.sum() == (size // 2 + (size - size // 2) % 2)
    torch.testing.assert_close(found['loss'], -torch.where(right, chances, 1 - chances).log().mean().float())
    assert float(found['accuracy']) == pytest.approx(float(right.float().mean())), 'all are told to be right'


def test_random_videos_bring_their_masks_and_wrong_labels():
    torch.manual_seed(0)
    task, batch = ImageTextMatching(1, negatives='random', part='frames', pooling='mean'), batch_of(8)
    task.head = Difference(1)
    found = task.loss(batch, task.change(batch))
    # Means without padding are the numbers of the videos.
    videos = batch.entering('frames').tokens[:, 0, 0].double() - 1
    right, chances = videos == torch.arange(8), torch.sigmoid(1. + videos)
    assert 0 < right.sum() < 8
    torch.testing.assert_close(found['loss'], -torch.where(right, chances, 1 - chances).log().mean().float())
    with pytest.raises(ConfigError, match='share'):
        ImageTextMatching(1, negatives='random', share=1.)


def test_of_hard_negatives_the_pairs_of_the_batch_alone_are_right():
    task, batch = ImageTextMatching(1, negatives='hard', part='frames', pooling='mean', logits=2), batch_of(2)
    task.head = Difference(2)
    batch.similarities = dict.fromkeys(('frames', 'text'), torch.zeros(2, 2))
    found = task.loss(batch, task.change(batch))
    # The pairs; each text with the other video; each video with the other text.
    numbers, right = torch.tensor([1., 2, 2, 1, 1, 2]), torch.tensor([1, 1, 0, 0, 0, 0]).bool()
    expected = -torch.where(right, numbers.sigmoid(), 1 - numbers.sigmoid()).log().mean()
    torch.testing.assert_close(found['loss'], expected)
    assert float(found['accuracy']) == pytest.approx(1 / 3)
