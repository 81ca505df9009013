"""What adversarial training costs beside a plain step."""
import logging
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import numpy as np
import torch
from mmengine.optim import OptimWrapper
from mmpretrain.structures import DataSample

from mmcomp.apis import build
from mmcomp.engine.hooks import AdversarialTrainingHook
from mmcomp.testing.speed.measuring import ratio
from mmcomp.testing.speed.training_step_speed import take_turns

WAYS = {'plain': None, 'FGM': dict(method='FGM'), 'PGD, 3 steps': dict(method='PGD'),
        'AWP of all weights': dict(method='AWP', key='weight')}  # yapf: disable


def step_of(options: dict | None, layers: int, width: int, batch_size: int, tokens: int) -> Callable[[], None]:
    """A step of a small BERT with AdamW, adversarial if there are options."""
    device = 'cuda' if torch.cuda.is_available() else 'cpu'
    torch.manual_seed(0)
    bert = dict(model_type='bert', vocab_size=8000, hidden_size=width, num_hidden_layers=layers,
                num_attention_heads=max(1, width // 64), intermediate_size=4 * width)
    model = build(dict(
        type='SequenceClassifier', backbone=dict(type='HuggingFaceTextEncoder', config=bert),
        neck=dict(type='SequencePooling'),
        head=dict(type='DropoutLinearHead', num_classes=200, in_channels=width))).to(device).train()
    wrapper = OptimWrapper(torch.optim.AdamW(model.parameters(), lr=1e-5))
    samples = [DataSample().set_gt_label(n % 200) for n in range(batch_size)]
    batch = dict(inputs=list(torch.randint(5, 8000, (batch_size, tokens)).numpy()), data_samples=samples)
    if options:
        hook = AdversarialTrainingHook(**options)
        hook.before_train(SimpleNamespace(model=model, optim_wrapper=wrapper, hooks=[hook],
                                          logger=logging.getLogger(__name__)))

    def step() -> None:
        model.train_step(batch, wrapper)
        if device == 'cuda':
            torch.cuda.synchronize()

    return step


def cost_rows(rounds: int, **sizes: int) -> Iterator[list[str]]:
    """Rows of a table: way, passes, seconds of a step, times a plain step (median, least…most).

    Seconds are those of the processor, which a busy host does not lengthen; with a GPU those by the clock.
    """
    steps = {way: step_of(options, **sizes) for way, options in WAYS.items()}
    by = 1 if torch.cuda.is_available() else 0
    taken = {way: np.array(found)[:, by] for way, found in take_turns(steps, rounds).items()}
    for way, options in WAYS.items():
        passes = 1 + (AdversarialTrainingHook(**options).steps if options else 0)
        yield [way, str(passes), f'{np.median(taken[way]):.3f}', ratio(taken[way] / taken['plain'])]
