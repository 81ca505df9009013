"""A learning rate for each part of a model, in few optimizer groups."""
import re
from collections.abc import Callable, Iterator

from mmengine.optim import DefaultOptimWrapperConstructor
from torch import nn

from mmcomp.errors import ConfigError, did_you_mean, fault
from mmcomp.registry import OPTIM_WRAPPER_CONSTRUCTORS

from .merged_groups_constructor import merge_groups

KNOWN = ('rates', 'layer_decay_rate', 'no_decay')
NORMS = (nn.modules.batchnorm._NormBase, nn.GroupNorm, nn.LayerNorm)
# By the module that holds a parameter, by its own name, and by its shape.
UNDECAYED: dict[str, Callable[[nn.Module, str, nn.Parameter], bool]] = {
    'norm': lambda module, name, _: isinstance(module, NORMS) or type(module).__name__.endswith('Norm'),
    'bias': lambda module, name, _: re.search(r'(^|_)bias(_|$)', name) is not None,
    'embedding': lambda module, name, _: isinstance(module, nn.Embedding | nn.EmbeddingBag),
    'vector': lambda module, name, parameter: parameter.ndim <= 1,
}  # yapf: disable


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class LayeredRatesConstructor(DefaultOptimWrapperConstructor):
    """Learning rates by parts of the model, lower ones for lower layers if asked for, no decay by type of module.

    Each trainable parameter is in exactly one group, under the name that it has
    without wrappers (``module.``, ``_orig_mod.``); parameters of equal options
    share one. What is frozen is in none.

    ``paramwise_cfg``:

    - ``rates``: learning rates by regular expressions, which are looked for in
      the names of parameters; of several that are found the longest expression
      counts, as in mmengine's ``custom_keys``. Others get the optimizer's.
    - ``layer_decay_rate``: a parameter's rate is multiplied by this to the power
      of the layers above it in the innermost module around it that has
      ``get_layer_depth``, as encoders have. Default 1.
    - ``no_decay``: which parameters get no weight decay: those of ``norm`` layers (by
      type: any subclass of torch's, or a class named ``…Norm``), each ``bias``, tables of
      ``embedding`` layers, any ``vector`` of one axis. Default ``('norm', 'bias')``.

    Raises:
        ConfigError: On other options, a rate that is not above zero, or an
            expression found in the name of no trainable parameter.

    Example:
        ``paramwise_cfg=dict(rates={'encoders.text': 5e-5, 'fusion': 8e-5, 'encoders.frames': 5e-6},
        layer_decay_rate=.95)``, and ``optimizer.lr=5e-4`` for the head.
    """

    def _validate_cfg(self) -> None:
        where, options = 'optim_wrapper.paramwise_cfg', self.paramwise_cfg
        self.rates = dict(options.get('rates') or {})
        self.layer_decay_rate = options.get('layer_decay_rate', 1.)
        self.no_decay = tuple(options.get('no_decay', ('norm', 'bias')))
        for name in options:
            if name not in KNOWN:
                raise ConfigError(fault(where, name, f'one of {", ".join(KNOWN)}', options[name],
                                        f'Correct it.{did_you_mean(name, KNOWN)}'))
        for name in self.no_decay:
            if name not in UNDECAYED:
                raise ConfigError(fault(where, 'no_decay', f'of {", ".join(UNDECAYED)}', name,
                                        f'Correct it.{did_you_mean(name, UNDECAYED)}'))
        for name, value in dict(self.rates, layer_decay_rate=self.layer_decay_rate).items():
            if not value > 0:
                raise ConfigError(fault(where, name, 'above 0', value, 'Freeze parameters in the model.'))
        if self.rates and self.base_lr is None:
            raise ConfigError(fault('optim_wrapper.optimizer', 'lr', 'given, for all that has no rate of its own', None,
                                    'Add it.'))
        # mmengine makes no groups at all of an empty one.
        self.paramwise_cfg = dict(options, no_decay=self.no_decay)

    def add_params(self, params: list[dict], module: nn.Module, prefix: str = '', is_dcn_module=None) -> None:
        """Put all groups of a model into ``params``."""
        rates = sorted(sorted(self.rates), key=len, reverse=True)
        groups, used, names = [], set(), []
        modules = dict(module.named_modules())
        for name, parameter, holder in _parameters(module):
            found = [key for key in rates if re.search(key, name)]
            names.append(name)
            used.update(found)
            group = dict(params=[parameter])
            if self.base_lr is not None:
                group['lr'] = self.rates[found[0]] if found else self.base_lr
                if self.layer_decay_rate != 1:
                    group['lr'] *= self.layer_decay_rate**_layers_above(modules, name)
            if self.base_wd is not None:
                own = name.rpartition('.')[2]
                free = any(UNDECAYED[kind](holder, own, parameter) for kind in self.no_decay)
                group['weight_decay'] = 0. if free else self.base_wd
            groups.append(group)
        for key in rates:
            if key not in used:
                raise ConfigError(fault('optim_wrapper.paramwise_cfg', 'rates', 'by expressions found in the name of a '
                                        'trainable parameter', key, f'Correct it.{did_you_mean(key, names)}'))
        params += merge_groups(groups)


def _parameters(model: nn.Module) -> Iterator[tuple[str, nn.Parameter, nn.Module]]:
    """Name, parameter and the module that holds it, of each trainable parameter once."""
    seen = set()
    for path, module in model.named_modules():
        for own, parameter in module.named_parameters(recurse=False):
            if id(parameter) not in seen and parameter.requires_grad:
                seen.add(id(parameter))
                yield (f'{path}.{own}' if path else own).replace('_orig_mod.', ''), parameter, module


def _layers_above(modules: dict[str, nn.Module], name: str) -> int:
    """Layers between a parameter and the end of the innermost module that tells depths; 0 without one."""
    shown = {path.replace('_orig_mod.', '').removesuffix('_orig_mod').rstrip('.'): module
             for path, module in modules.items()}
    path = name
    while path:
        path = path.rpartition('.')[0]
        if hasattr(shown[path], 'get_layer_depth'):
            try:
                depth, depths = shown[path].get_layer_depth(name.removeprefix(f'{path}.' if path else ''))
            except NotImplementedError:  # a classifier around a backbone that tells none
                continue
            return depths - 1 - depth
    return 0
