"""One rank of test_two_ranks.py: ArcFace with EQL on its share of each batch; length buckets.

    RANK=0 WORLD_SIZE=2 MASTER_ADDR=127.0.0.1 MASTER_PORT=… python tests/conformance/two_ranks.py OUT
"""
import logging
import sys
from types import SimpleNamespace

import torch
from mmengine.dataset import DefaultSampler
from mmpretrain.structures import DataSample
from torch import distributed, nn

from mmcomp.datasets.samplers.length_bucket_batch_sampler import LengthBucketBatchSampler
from mmcomp.engine.hooks import ClassCountsHook
from mmcomp.models.heads import ArcFaceHead
from mmcomp.models.losses import SoftmaxEQLLoss

CLASSES, WIDTH, BATCH, STEPS = 4, 6, 16, 5
ROWS = 203


class Toy(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Linear(WIDTH, WIDTH)
        self.head = ArcFaceHead(CLASSES, WIDTH, num_subcenters=2, loss=SoftmaxEQLLoss(CLASSES))

    def forward(self, inputs, labels):
        samples = [DataSample().set_gt_label(label) for label in labels]
        return self.head.loss((self.backbone(inputs), ), samples)['loss']


class Labels:
    """A data set that only tells its labels."""

    def get_gt_labels(self):
        return batches()[1].flatten().numpy()


def batches():
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(STEPS, BATCH, WIDTH, generator=generator)
    labels = torch.multinomial(torch.tensor([8.0, 4.0, 2.0, 1.0]), STEPS * BATCH, True, generator=generator)
    return inputs, labels.view(STEPS, BATCH)


def train(rank: int, world_size: int) -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    toy = Toy()
    model = toy if world_size == 1 else nn.parallel.DistributedDataParallel(toy)
    runner = SimpleNamespace(model=model, hooks=[], logger=logging.getLogger(),
                             train_dataloader=SimpleNamespace(dataset=Labels()))
    ClassCountsHook().before_train(runner)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for inputs, labels in zip(*batches()):
        model(inputs[rank::world_size], labels[rank::world_size]).backward()
        optimizer.step()
        optimizer.zero_grad()
    return toy.state_dict()


def buckets(**kwargs) -> list[list[int]]:
    """This rank's batches of one epoch over texts of 1 to 50 tokens."""
    lengths = torch.randint(1, 51, (ROWS, ), generator=torch.Generator().manual_seed(0)).numpy()
    texts = type('Texts', (), dict(lengths=lengths, __len__=lambda self: ROWS))()
    sampler = LengthBucketBatchSampler(DefaultSampler(texts, seed=0), 4, pool_batches=5, **kwargs)
    sampler.set_epoch(3)
    batches = list(sampler)
    assert len(batches) == len(sampler)
    return batches


if __name__ == '__main__':
    distributed.init_process_group('gloo')
    torch.save(dict(state=train(distributed.get_rank(), distributed.get_world_size()), buckets=buckets(),
                    budget=buckets(max_tokens=128)), sys.argv[1])
    distributed.barrier()
    distributed.destroy_process_group()
