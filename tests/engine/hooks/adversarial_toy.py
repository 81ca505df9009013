"""A model of word vectors for the tests of adversarial training, and two ranks that train it.

    MASTER_ADDR=127.0.0.1 MASTER_PORT=… python tests/engine/hooks/adversarial_toy.py FOLDER
"""
import logging
import os
import sys
from types import SimpleNamespace

import torch
from mmengine.model import BaseModel, MMDistributedDataParallel
from mmengine.optim import OptimWrapper
from torch import distributed, nn

from mmcomp.engine.hooks import AdversarialTrainingHook
from mmcomp.models.wrappers import FullyShardedModel


class Toy(BaseModel):
    """Classes of bags of words; counts its passes."""

    def __init__(self, dropout=0.):
        super().__init__()
        torch.manual_seed(0)
        self.word_embeddings, self.dropout = nn.Embedding(10, 6), nn.Dropout(dropout)
        self.hidden, self.head, self.passes = nn.Linear(6, 8), nn.Linear(8, 3), 0

    def forward(self, ids, labels, mode='loss'):
        self.passes += 1
        hidden = self.hidden(self.dropout(self.word_embeddings(ids)).mean(dim=1)).tanh()
        return dict(loss=nn.functional.cross_entropy(self.head(hidden), labels))


def batches(number=4, size=8):
    generator = torch.Generator().manual_seed(1)
    return [dict(ids=torch.randint(0, 9, (size, 5), generator=generator),  # the tenth word never comes
                 labels=torch.randint(0, 3, (size, ), generator=generator)) for _ in range(number)]


def start(model, wrapper, iterations=4, at=0, **options):
    """The hook, in its place."""
    hook = AdversarialTrainingHook(**options)
    wrapper.initialize_count_status(model, at, iterations)
    hook.before_train(SimpleNamespace(model=model, optim_wrapper=wrapper, hooks=[hook], train_dataloader=[0, 0],
                                      logger=logging.getLogger('toy')))
    return hook


def sgd(model, kind=OptimWrapper, **options):
    return kind(optimizer=torch.optim.SGD(model.parameters(), lr=.5), **options)


def trained(rank=0, world_size=1, wrap=lambda toy: toy, accumulate=1, **options):
    """The weights after four batches of which each rank takes its share."""
    model = wrap(Toy())
    wrapper = sgd(model, accumulative_counts=accumulate, clip_grad=dict(max_norm=10.))
    hook = start(model, wrapper, **options)
    for batch in batches():
        model.train_step({key: value[rank::world_size] for key, value in batch.items()}, wrapper)
    hook.after_train(None)
    whole = {key: value.full_tensor() if hasattr(value, 'full_tensor') else value
             for key, value in model.state_dict().items()}
    return {key.removeprefix('module.'): value for key, value in whole.items()}


CASES = dict(
    pgd=dict(method='PGD', eps=.5), accumulated=dict(method='PGD', accumulate=2, every=2),
    fgm=dict(), awp=dict(method='AWP', key='weight', eps=.1, steps=2))  # yapf: disable

if __name__ == '__main__':
    child = os.fork()  # so that one process imports for both
    rank = int(child == 0)
    distributed.init_process_group('gloo', rank=rank, world_size=2)
    found = {f'{name}-{way}': trained(rank, 2, wrap, **case) for name, case in CASES.items()
             for way, wrap in (('ddp', MMDistributedDataParallel), ('fsdp', FullyShardedModel))}
    torch.save(found, f'{sys.argv[1]}/{rank}.pth')
    distributed.barrier()
    distributed.destroy_process_group()
    if child:
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
