"""mmcomp's registries: a child of every registry of mmpretrain, scope ``mmcomp``.

A config with ``default_scope = 'mmcomp'`` can name any component of mmcomp,
mmpretrain or mmengine by its plain name. Two things differ from mmengine's
own registry:

* ``get`` of a child never imports what its parent imports lazily, so each
  registry here lists the parent's locations before its own;
* a name that exists here *or in an ancestor* can't be registered again, for a
  shadowed name changes what old configs mean.
"""
import contextlib
import io
import sys
import warnings
from importlib import import_module

from mmengine.registry import Registry as MMEngineRegistry
from mmengine.registry import root as mmengine_registry

# mmpretrain prints `Could not import OneDL` and mmcv warns of its missing compiled
# operators, which nothing here uses; tools' output is ours.
with contextlib.redirect_stdout(io.StringIO()) as _printed, warnings.catch_warnings():
    warnings.filterwarnings('ignore', 'Fail to import ``MultiScaleDeformableAttention``')
    import mmpretrain.datasets
    import mmpretrain.models  # noqa: F401
    import mmpretrain.registry as mmpretrain_registry
sys.stdout.writelines(
    line for line in _printed.getvalue().splitlines(keepends=True) if 'Could not import OneDL' not in line)

# Imported for its registrations when a registry is first searched.
LOCATIONS = {
    'RUNNERS': 'engine', 'RUNNER_CONSTRUCTORS': 'engine', 'LOOPS': 'engine', 'HOOKS': 'engine',
    'LOG_PROCESSORS': 'engine', 'OPTIMIZERS': 'engine', 'OPTIM_WRAPPERS': 'engine',
    'OPTIM_WRAPPER_CONSTRUCTORS': 'engine', 'PARAM_SCHEDULERS': 'engine', 'STRATEGIES': 'engine',
    'DATASETS': 'datasets', 'DATA_SAMPLERS': 'datasets', 'TRANSFORMS': 'datasets', 'FUNCTIONS': 'datasets',
    'MODELS': 'models', 'MODEL_WRAPPERS': 'models', 'WEIGHT_INITIALIZERS': 'checkpoints.transfer',
    'BATCH_AUGMENTS': 'models', 'TASK_UTILS': 'models', 'TOKENIZER': 'models',
    'METRICS': 'evaluation', 'EVALUATORS': 'evaluation',
    'VISUALIZERS': 'visualization', 'VISBACKENDS': 'visualization', 'INFERENCERS': 'visualization',
}  # yapf: disable
ROOT_LOCATIONS = {
    'STRATEGIES': 'mmengine._strategy', 'INFERENCERS': 'mmengine.infer',
    'FUNCTIONS': 'mmengine.dataset', 'VISUALIZERS': 'mmengine.visualization',
    'LOOPS': 'mmengine.runner', 'MODELS': 'mmengine.model', 'TASK_UTILS': 'mmengine.model',
}  # yapf: disable


def _ancestors(registry: MMEngineRegistry) -> list[MMEngineRegistry]:
    """Parent, grandparent, … of a registry."""
    found = []
    while registry.parent is not None:
        registry = registry.parent
        found.append(registry)
    return found


class Registry(MMEngineRegistry):
    """A child registry that refuses to shadow its ancestors."""

    def _register_module(self, module, module_name=None, force=False):
        if force:
            raise KeyError(f'{self.scope}.{self.name}: `force=True` is not allowed; choose a name of its own.')
        names = module_name or module.__name__
        for location in self._locations:
            if not location.startswith('mmcomp.'):
                import_module(location)
        for name in [names] if isinstance(names, str) else names:
            for ancestor in _ancestors(self):
                if name in ancestor.module_dict:
                    raise KeyError(
                        f'{self.scope}.{self.name}: `{name}` must be a new name; it is taken by '
                        f'{ancestor.module_dict[name].__module__} in {ancestor.scope}. Choose another one.')
        super()._register_module(module, module_name, force)


def _parents() -> dict[str, MMEngineRegistry]:
    """Every registry of mmpretrain, and those that only mmengine has."""
    def found(module):
        return {k: v for k, v in vars(module).items() if isinstance(v, MMEngineRegistry)}

    parents = {k: v for k, v in found(mmpretrain_registry).items() if not k.startswith('MMENGINE_')}
    only_root = {k: v for k, v in found(mmengine_registry).items() if k not in parents and k != 'EVALUATOR'}
    return {**parents, **only_root}


def _make() -> dict[str, Registry]:
    made = {}
    for name, parent in _parents().items():
        locations = [ROOT_LOCATIONS[name]] if name in ROOT_LOCATIONS else []
        locations += [*parent._locations, f'mmcomp.{LOCATIONS[name]}']
        made[name] = Registry(parent.name, parent=parent, scope='mmcomp', locations=locations)
    return made


REGISTRIES = _make()
globals().update(REGISTRIES)
__all__ = ['Registry', 'REGISTRIES', *REGISTRIES]
