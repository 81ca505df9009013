"""Parts of a training step beside their peers: each question is some ways to do the same work, which take turns."""
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from mmengine.model import ExponentialMovingAverage
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from mmcomp.registry import MODELS
from mmcomp.testing.speed.step_memory import LivingBytes

Step = Callable[[], object]


@dataclass(frozen=True)
class Sizes:
    """What is measured.

    Attributes:
        image: Edge in pixels.
        window: Of Swin, in tokens; half in the last stage.
        batch: Images of a step.
        arch: mmpretrain's: embed_dims, depths, num_heads.
        classes: Of the ArcFace head; three centres each.
        features: Their width.
    """
    image: int
    window: int
    batch: int
    arch: dict
    classes: int
    features: int


TINY = dict(embed_dims=96, depths=[2, 2, 6, 2], num_heads=[3, 6, 12, 24])


def swin_ways(sizes: Sizes) -> dict[str, Callable[[], Step]]:
    """Swin V2 forward and backward; the first is the peer."""
    stages = len(sizes.arch['depths'])
    windows = [sizes.window] * (stages - 1) + [max(1, sizes.window // 2)]
    ours = dict(arch=dict(sizes.arch, extra_norm_every_n_blocks=0), img_size=sizes.image, window_size=windows,
                pretrained_window_sizes=[0] * stages, out_indices=(stages - 1, ), drop_path_rate=0.0)

    def timm():
        from timm.models.swin_transformer_v2 import SwinTransformerV2
        return SwinTransformerV2(
            img_size=sizes.image, window_size=sizes.window, embed_dim=sizes.arch['embed_dims'],
            depths=sizes.arch['depths'], num_heads=sizes.arch['num_heads'], drop_path_rate=0.0, num_classes=0)

    def way(make):
        model, images = make(), torch.randn(sizes.batch, 3, sizes.image, sizes.image)
        return lambda: _backward(model, model(images))

    return {'timm': lambda: way(timm),
            'mmpretrain': lambda: way(lambda: MODELS.build(dict(ours, type='SwinTransformerV2'))),
            'ours': lambda: way(lambda: MODELS.build(dict(ours, type='FusedSwinTransformerV2')))}


def arcface_ways(sizes: Sizes) -> dict[str, Callable[[], Step]]:
    """ArcFace with three centres a class on given features, forward and backward."""

    def way(kind, **options):
        head = MODELS.build(dict(type=kind, num_classes=sizes.classes, in_channels=sizes.features, num_subcenters=3,
                                 **options))
        features, target = torch.randn(16, sizes.features, requires_grad=True), torch.arange(16) % sizes.classes
        return lambda: _backward(head, [nn.functional.cross_entropy(head((features, ), target), target)])

    return {'mmpretrain': lambda: way('ArcFaceClsHead', margins=0.3), 'ours': lambda: way('ArcFaceHead', margin=0.3)}


def average_ways(sizes: Sizes) -> dict[str, Callable[[], Step]]:
    """A step of the moving average of Swin's weights."""

    def way(kind):
        model = _swin(sizes)
        average = kind(model)
        average.update_parameters(model)
        return lambda: average.update_parameters(model)

    return {'mmengine': lambda: way(ExponentialMovingAverage),
            'foreach': lambda: way(MODELS.get('ForeachMovingAverage'))}


def optimizer_ways(sizes: Sizes) -> dict[str, Callable[[], Step]]:
    """A step of AdamW on Swin's weights."""

    def way(**switch):
        parameters = list(_swin(sizes).parameters())
        for parameter in parameters:
            parameter.grad = torch.randn_like(parameter)
        optimizer = torch.optim.AdamW(parameters, **switch)
        optimizer.step()
        return optimizer.step

    return {'one by one': lambda: way(foreach=False), 'foreach': lambda: way(foreach=True),
            'fused': lambda: way(fused=True)}


QUESTIONS = dict(swin=swin_ways, arcface=arcface_ways, average=average_ways, optimizer=optimizer_ways)


def question_rows(name: str, sizes: Sizes, rounds: int) -> Iterator[list[str]]:
    """Rows of a table: way, seconds of the processor (the least…the most), by the clock, over the peer, MB."""
    ways = QUESTIONS[name](sizes)
    peaks = {way: peak_bytes(make) for way, make in ways.items()}
    steps = {way: make() for way, make in ways.items()}
    limit = flops_limit(steps['mmpretrain']) if name == 'swin' else None
    taken = take_turns(steps, rounds)
    peer = statistics.median(cpu for cpu, _ in taken[next(iter(ways))])
    for way in ways:
        cpu, clock = (sorted(column) for column in zip(*taken[way]))
        middle = statistics.median(cpu)
        yield [way, f'{middle:.3f} ({cpu[0]:.3f}…{cpu[-1]:.3f})', f'{statistics.median(clock):.3f}',
               f'{middle / peer:.2f}', f'{peaks[way] / 1e6:.0f}']
    if limit:
        yield ['(its matrix products alone)', f'{limit:.3f}', '', f'{limit / peer:.2f}', '']


def take_turns(steps: dict[str, Step], rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Seconds of the processor and by the clock of every round, after one that does not count."""
    taken = {way: [] for way in steps}
    for turn in range(rounds + 1):
        names = list(steps)
        for way in names[turn % len(names):] + names[:turn % len(names)]:
            clock, cpu = time.perf_counter(), time.process_time()
            steps[way]()
            taken[way].append((time.process_time() - cpu, time.perf_counter() - clock))
    return {way: found[1:] for way, found in taken.items()}


def peak_bytes(make: Callable[[], Step]) -> int:
    """Bytes that a step needs at most beside what is there before it."""
    with LivingBytes() as living:
        step = make()
        before = living.peak = living.now
        step()
        return living.peak - before


def flops_limit(step: Step, edge: int = 768) -> float:
    """Seconds that a step's matrix products would take at the speed of one good one, here and now."""
    with FlopCounterMode(display=False) as counter:
        step()
    matrix = torch.randn(edge, edge)
    found = take_turns({'product': lambda: matrix @ matrix}, 5)['product']
    return counter.get_total_flops() / (2 * edge**3) * statistics.median(cpu for cpu, _ in found)


def _swin(sizes: Sizes) -> nn.Module:
    return MODELS.build(dict(type='SwinTransformerV2', arch=dict(sizes.arch, extra_norm_every_n_blocks=0), img_size=64,
                             window_size=2, out_indices=(len(sizes.arch['depths']) - 1, ),
                             pretrained_window_sizes=[0] * len(sizes.arch['depths'])))


def _backward(model: nn.Module, outs) -> None:
    out = outs[-1] if isinstance(outs, list | tuple) else outs
    out.square().mean().backward()
    model.zero_grad()
