"""How big a model is and how much it computes."""
from dataclasses import dataclass

import torch
from mmengine.config import Config
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from mmcomp.apis.building import build, without_pretrained
from mmcomp.errors import ConfigError, fault

# What these put out is what training keeps in memory, by the usual definition.
COUNTED = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)


@dataclass
class Cost:
    """Of one part of a model, for one image."""
    parameters: int = 0
    multiply_adds: int = 0
    activations: int = 0


def input_shape(cfg: Config) -> tuple[int, int]:
    """Height and width that a config's backbone asks for, else 224."""
    size = cfg.model.get('backbone', {}).get('img_size', 224)
    return (size, size) if isinstance(size, int) else tuple(size)


def build_model(cfg: Config) -> nn.Module:
    """The model of a config, its weights left as they come."""
    return build(without_pretrained(cfg.model.to_dict())).eval()


def complexity(model: nn.Module, shape: tuple[int, int]) -> dict[str, Cost]:
    """Parameters, multiply-adds and activations of a model's parts.

    Attention is counted too, in whatever form torch runs it. One multiply-add
    is what papers on image models mostly call a FLOP.

    Args:
        model: Takes ``(1, 3, height, width)`` with ``mode='tensor'``.
        shape: Height and width of an input.

    Returns:
        A cost for each child that has parameters, and for ``total``.

    Raises:
        ConfigError: If the model can't take this shape.
    """
    parts = {name: child for name, child in model.named_children() if any(True for _ in child.parameters())}
    costs = {name: Cost(parameters=_parameters(child)) for name, child in parts.items()}
    hooks = [module.register_forward_hook(_adder(costs[name])) for name, child in parts.items()
             for module in child.modules() if isinstance(module, COUNTED)]
    try:
        with torch.no_grad(), FlopCounterMode(display=False, depth=2) as counter:
            model(torch.zeros(1, 3, *shape), mode='tensor')
    except (RuntimeError, ValueError, AssertionError) as error:
        raise ConfigError(fault('get_flops', '--shape', 'a size the model takes', shape, f'{error}.')) from error
    finally:
        for hook in hooks:
            hook.remove()
    counts = counter.get_flop_counts()
    for name, cost in costs.items():
        cost.multiply_adds = sum(counts.get(f'{type(model).__name__}.{name}', {}).values()) // 2
    costs['total'] = Cost(_parameters(model), counter.get_total_flops() // 2,
                          sum(cost.activations for cost in costs.values()))
    return costs


def _parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def _adder(cost: Cost):
    def add(module, inputs, output):
        cost.activations += output.numel()
    return add
