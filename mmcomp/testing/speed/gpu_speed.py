"""Training steps of the published models at their published batches: speed, memory and use of the device.

On a GPU in bfloat16 at full size; on a CPU at a toy size, where it shows what
does not depend on the device: operations of a step, breaks of its graph under
``torch.compile``, and how often it waits for a number.
"""
import copy
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from mmpretrain.structures import DataSample
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from mmcomp.apis import load_config
from mmcomp.apis.building import untrained_model

# Dense bfloat16, from the makers' data sheets.
PEAK_FLOPS = {'H100 PCIe': 756e12, 'H100': 989e12, 'H200': 989e12, 'A100': 312e12, 'L40S': 362e12, '4090': 165e12}
Loss = Callable[[], torch.Tensor]


@dataclass(frozen=True)
class Case:
    """A published training.

    Args:
        config: Its file, under ``configs``.
        batch: Samples of a step on one GPU.
        size: Edge of an image in pixels, or tokens of a text.
        toy: What of ``model`` is smaller on a CPU, and its size.
        toy_size: The size then.
        stock: What of ``model`` makes it mmpretrain's.
        timm: The peer's name in timm.
        texts: Whether samples are texts.
    """
    config: str
    batch: int
    size: int
    toy: dict
    toy_size: int
    stock: dict = field(default_factory=dict)
    timm: str = ''
    texts: bool = False


CASES = {
    'swin-l': Case(
        'swin/l-384-arc.py', 16, 384, dict(backbone=dict(
            arch=dict(embed_dims=8, depths=[1, 1], num_heads=[1, 2], extra_norm_every_n_blocks=0), img_size=32,
            window_size=[4, 4], pretrained_window_sizes=[0, 0], out_indices=(1, )), head=dict(in_channels=16)), 32,
        dict(backbone=dict(type='SwinTransformerV2')), 'swinv2_large_window12to24_192to384'),
    'vit-l': Case(
        'vit/l-448-arc.py', 16, 448, dict(backbone=dict(
            arch=dict(embed_dims=16, num_layers=2, num_heads=2, feedforward_channels=32), img_size=32, patch_size=8),
            head=dict(in_channels=16)), 32, timm='vit_large_patch16_224'),
    'mae-l': Case(
        'mae/l-224-1600e.py', 256, 224, dict(backbone=dict(
            arch=dict(embed_dims=16, num_layers=2, num_heads=2, feedforward_channels=32), img_size=32, patch_size=8),
            neck=dict(embed_dim=16, decoder_embed_dim=16, decoder_depth=1, decoder_num_heads=2, num_patches=16,
                      patch_size=8), head=dict(patch_size=8)), 32),
    'bert-base': Case(
        '_base_/models/bert.py', 32, 258, dict(backbone=dict(name_or_path=None, config=dict(
            model_type='bert', vocab_size=100, hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
            intermediate_size=32)), head=dict(in_channels=16)), 24, texts=True),
}  # yapf: disable


class Waits(TorchDispatchMode):
    """Counts how often a number leaves its device, for which a GPU has to end all work at hand."""

    def __init__(self):
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.count += func is torch.ops.aten._local_scalar_dense.default
        return func(*args, **kwargs or {})


class StepBench:
    """One way to train a case.

    Args:
        case: What.
        way: ``ours``, ``stock`` (mmpretrain's backbone) or ``timm`` (its model with cross entropy).
        device: Where.
        compiled: With ``torch.compile``.
    """

    def __init__(self, case: Case, way: str, device: torch.device, compiled: bool = False):
        self.case, self.device, self.toy = case, device, device.type == 'cpu'
        self.batch, self.size = (2, case.toy_size) if self.toy else (case.batch, case.size)
        torch.manual_seed(0)
        self.model, self.loss = self._timm() if way == 'timm' else self._ours(case.stock if way == 'stock' else {})
        self.optimizer = torch.optim.AdamW(self.model.parameters(), 1e-5, fused=not self.toy)
        if compiled:
            self.model.compile()

    def step(self) -> None:
        """Forward, backward, update; in bfloat16."""
        self.forward().backward()
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)

    def forward(self) -> torch.Tensor:
        with torch.autocast(self.device.type, torch.bfloat16):
            return self.loss()

    def seconds(self, steps: int) -> list[float]:
        """Of each step, after three that do not count."""
        taken = []
        for _ in range(3 + steps):
            start = time.perf_counter()
            self.step()
            if not self.toy:
                torch.cuda.synchronize()
            taken.append(time.perf_counter() - start)
        return taken[3:]

    def flops(self) -> int:
        """Of a step's matrix products, convolutions and attention, as they are without recomputing."""
        with FlopCounterMode(display=False) as counter:
            self.step()
        return counter.get_total_flops()

    def waits(self) -> int:
        """How often the model's forward and backward pass wait for a number."""
        with Waits() as waits:
            self.forward().backward()
        self.optimizer.zero_grad(set_to_none=True)
        return waits.count

    def graph_breaks(self) -> int:
        """Of the network under ``torch.compile``, from prepared inputs to features."""
        torch._dynamo.reset()
        found = torch._dynamo.explain(self.features)(*self.inputs)
        torch._dynamo.reset()
        return found.graph_break_count

    # ------------------------------------------------------------ inside

    def _ours(self, changes: dict) -> tuple[nn.Module, Loss]:
        cfg = load_config(Path(__file__).resolve().parents[3] / 'configs' / self.case.config)
        cfg = Config(dict(cfg, model=copy.deepcopy(cfg.model)))
        for part, change in [*(self.case.toy if self.toy else {}).items(), *changes.items()]:
            cfg.model[part].update(change)
        model = untrained_model(cfg).to(self.device).train()
        for module in model.modules():
            if hasattr(module, 'set_class_counts'):
                module.set_class_counts(np.full(module.num_classes, 20))
        data = model.data_preprocessor(self._data(), True)
        network = model if hasattr(model, 'extract_feat') else model.backbone
        self.features, self.inputs = network.extract_feat if network is model else network, (data['inputs'], )
        return model, lambda: sum(v for k, v in model(**data, mode='loss').items() if 'loss' in k)

    def _timm(self) -> tuple[nn.Module, Loss]:
        import timm
        model = timm.create_model(self.case.timm, num_classes=5000, img_size=self.size).to(self.device).train()
        images = torch.randn(self.batch, 3, self.size, self.size, device=self.device)
        target = torch.arange(self.batch, device=self.device)
        self.features, self.inputs = model.forward_features, (images, )
        return model, lambda: nn.functional.cross_entropy(model(images), target)

    def _data(self) -> dict:
        random = np.random.default_rng(0)
        samples = [DataSample().set_gt_label(i % 2) for i in range(self.batch)]
        if self.case.texts:
            return dict(inputs=[random.integers(1, 100, self.size) for _ in samples], data_samples=samples)
        shape = (self.batch, 3, self.size, self.size)
        images = torch.from_numpy(random.integers(0, 256, shape, dtype=np.uint8))
        return dict(inputs=images, data_samples=samples)


def ways_of(case: Case, toy: bool) -> list[str]:
    """Ours and the peers that there are."""
    return ['ours', *(['stock'] if case.stock else []), *(['timm'] if case.timm and not toy else [])]


def speed_rows(name: str, device: torch.device, steps: int, compiled: tuple[bool, ...]) -> Iterator[list[str]]:
    """Rows of a table: way, samples a second, over ours uncompiled, GB at most, use of the device's peak."""
    case, base = CASES[name], None
    peak = next((flops for part, flops in PEAK_FLOPS.items() if part in torch.cuda.get_device_name(device)), None)
    for way in ways_of(case, toy=False):
        for compile_it in compiled:
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats(device)
            bench = StepBench(case, way, device, compile_it)
            flops = StepBench(case, way, device).flops() if compile_it else bench.flops()
            seconds = statistics.median(bench.seconds(steps))
            base = base or seconds
            yield [f'{name}, {way}{", compiled" if compile_it else ""}', f'{bench.batch / seconds:.1f}',
                   f'{base / seconds:.2f}', f'{torch.cuda.max_memory_allocated(device) / 1e9:.1f}',
                   f'{100 * flops / seconds / peak:.0f}' if peak else '?']
            del bench


def shape_rows(name: str) -> Iterator[list[str]]:
    """Rows of a table of what does not depend on the device, at toy size: breaks of the graph, waits."""
    for way in ways_of(CASES[name], toy=True):
        bench = StepBench(CASES[name], way, torch.device('cpu'))
        yield [f'{name}, {way}', str(bench.graph_breaks()), str(bench.waits()), f'{bench.flops() / 1e6:.1f}']

