"""List everything wrong with a config without running it."""
import inspect
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from mmengine.config import Config

from mmcomp.apis.checking.components import (
    KEYED,
    MODEL,
    TOP,
    ComponentChecker,
    Slot,
    default_preprocessor,
    unknown_keys,
)
from mmcomp.apis.checking.fault import Fault
from mmcomp.apis.checking.files import missing_checkpoint
from mmcomp.apis.checking.names import check_names
from mmcomp.apis.checking.signatures import keywords_of
from mmcomp.apis.config import config_chain, load_config
from mmcomp.errors import ConfigError, did_you_mean

__all__ = ['Fault', 'check_config']

# The Runner wants all of them or none.
TOGETHER = [('train_dataloader', 'train_cfg', 'optim_wrapper'), ('val_dataloader', 'val_cfg', 'val_evaluator'),
            ('test_dataloader', 'test_cfg', 'test_evaluator')]
TAKEN_FROM_DATALOADER = ('num_batch_per_epoch', 'disable_subprocess_warning')
PARAMWISE = {
    'bias_decay_mult', 'bias_lr_mult', 'bypass_duplicate', 'custom_keys', 'dcn_offset_lr_mult', 'dwconv_decay_mult',
    'flat_decay_mult', 'layer_decay_rate', 'norm_decay_mult',
}  # yapf: disable
OWN_PARAMWISE = ('DefaultOptimWrapperConstructor', 'LearningRateDecayOptimWrapperConstructor')
READ_BY_KEY = {
    'env_cfg': {'cudnn_benchmark', 'dist_cfg', 'mp_cfg', 'resource_limit'},
    'auto_scale_lr': {'base_batch_size', 'enable'},
    'randomness': {'deterministic', 'diff_rank_seed', 'seed'},
    'vocabulary': {'max_features', 'min_count', 'rebuild'},
}


def check_config(config: Config | str | Path, cfg_options: Sequence[str] | Mapping | None = None,
                 strict: bool = False) -> list[Fault]:
    """All faults of a config at once.

    Checked are: types, each in the registry of its place; keywords, along the
    MRO of the class that takes them; required arguments; top-level names
    without effect; parts that the Runner wants together; files.

    Args:
        config: A config file, or a config as ``load_config`` gives it.
        cfg_options: ``key=value`` strings merged into a config file.
        strict: Whether missing data and weights are errors, as before
            training; otherwise they are warnings.

    Returns:
        Faults with level ``error``, ``warning`` or ``note`` in the order of the config.
    """
    if not isinstance(config, Config):
        try:
            config = load_config(config, cfg_options)
        except ConfigError as error:
            return [Fault('config', str(error))]
    checker = ComponentChecker('error' if strict else 'warning')
    _check_parts(config, checker)
    files = config_chain(config.filename) if config.filename and Path(config.filename).is_file() else []
    # A config of the lazy kind reads its names by importing them.
    lazy = any('read_base' in file.read_text(encoding='utf-8') for file in files)
    names = [] if lazy else check_names(config.keys(), files)
    return checker.faults + names


def _check_parts(cfg: Config, checker: ComponentChecker) -> None:
    _check_together(cfg, checker)
    model = _check_model(cfg, checker)
    for key, node in cfg.items():
        if key in TOP:
            checker.check(node, key, TOP[key])
        elif key in READ_BY_KEY and isinstance(node, Mapping):
            checker.faults.extend(unknown_keys(node, READ_BY_KEY[key], key))
        elif key in ('train_dataloader', 'val_dataloader', 'test_dataloader') and node is not None:
            _check_dataloader(node, key, checker)
        elif key in ('val_evaluator', 'test_evaluator'):
            _check_evaluator(node, key, checker)
    _check_preprocessor(cfg, model, checker)
    _check_train_cfg(cfg.get('train_cfg'), checker)
    if isinstance(cfg.get('optim_wrapper'), Mapping):
        _check_optim_wrapper(cfg['optim_wrapper'], 'optim_wrapper', checker)
    if 'runner_type' in cfg:
        checker.find(cfg['runner_type'], 'runner_type', Slot('RUNNERS'))
    _check_hook_names(cfg.get('default_hooks') or {}, checker)
    checker.faults.extend(missing_checkpoint(cfg.get('load_from'), 'load_from', checker.missing_level))


def _check_together(cfg: Config, checker: ComponentChecker) -> None:
    if cfg.get('model') is None:
        checker.add('model', 'a config must have a model.')
    for keys in TOGETHER:
        given = [key for key in keys if cfg.get(key) is not None]
        if given and len(given) < len(keys):
            missing = [f'`{key}`' for key in keys if key not in given]
            checker.add(given[0], f'it must come together with {" and ".join(missing)}; give all or none.')


def _check_model(cfg: Config, checker: ComponentChecker) -> Callable | None:
    model = cfg.get('model')
    if not isinstance(model, Mapping):
        return None
    rest = {key: value for key, value in model.items() if key != 'data_preprocessor'}
    component = checker.check_component(rest, 'model', MODEL)
    if component is None:
        return None
    if 'data_preprocessor' in model and 'data_preprocessor' not in keywords_of(component).accepted:
        checker.check_keywords(component, {'data_preprocessor': None}, 'model', Slot('MODELS', complete=False))
    augments = model.get('train_cfg')
    if default_preprocessor(component) and isinstance(augments, Mapping):
        checker.faults.extend(unknown_keys(augments, {'augments', 'probs'}, 'model.train_cfg'))
    return component


def _check_preprocessor(cfg: Config, model: Callable | None, checker: ComponentChecker) -> None:
    """The model's own, else the one at the top, which the Runner hands to the model."""
    slot = Slot('MODELS', default=default_preprocessor(model))
    own = (cfg.get('model') or {}).get('data_preprocessor')
    for node, where in ((own, 'model.data_preprocessor'), (cfg.get('data_preprocessor'), 'data_preprocessor')):
        if isinstance(node, Mapping):
            if 'type' not in node and slot.default is None:
                continue
            checker.check(node, where, slot)


def _check_train_cfg(node: object, checker: ComponentChecker) -> None:
    if not isinstance(node, Mapping):
        return
    if 'type' not in node and 'by_epoch' not in node:
        checker.add('train_cfg', 'it must have `by_epoch` or a `type`. Write by_epoch=True, max_epochs=N.')
        return
    default = 'EpochBasedTrainLoop' if node.get('by_epoch', True) else 'IterBasedTrainLoop'
    extra = frozenset() if 'type' in node else frozenset({'by_epoch'})
    checker.check_component(node, 'train_cfg', Slot('LOOPS', default, frozenset({'runner', 'dataloader'}), extra))


def _check_dataloader(node: Mapping, where: str, checker: ComponentChecker) -> None:
    from torch.utils.data import DataLoader
    for key in ('dataset', 'sampler'):
        if key not in node and not (key == 'sampler' and 'batch_sampler' in node):
            checker.add(where, f'a data loader must be given `{key}`.')
    known = keywords_of(DataLoader).accepted | set(TAKEN_FROM_DATALOADER)
    for key in node:
        if key not in known:
            checker.add(f'{where}.{key}', f'a data loader takes no argument `{key}`.{did_you_mean(key, known)}')
    for key in ('dataset', 'sampler', 'batch_sampler', 'collate_fn', 'worker_init_fn'):
        if isinstance(node.get(key), Mapping):
            checker.check_component(node[key], f'{where}.{key}', KEYED[key])


def _check_evaluator(node: object, where: str, checker: ComponentChecker) -> None:
    if isinstance(node, Mapping) and 'metrics' in node:
        checker.check_component(node, where, Slot('EVALUATORS', 'Evaluator'))
    else:
        checker.check(node, where, KEYED['metrics'])


def _check_optim_wrapper(node: Mapping, where: str, checker: ComponentChecker) -> None:
    constructor = node.get('constructor', 'DefaultOptimWrapperConstructor')
    checker.find(constructor, f'{where}.constructor', Slot('OPTIM_WRAPPER_CONSTRUCTORS'))
    if 'optimizer' in node:
        slot = Slot('OPTIM_WRAPPERS', 'OptimWrapper', extra=frozenset({'constructor', 'paramwise_cfg', 'optimizer'}))
        checker.check_component(node, where, slot)
    elif constructor == 'DefaultOptimWrapperConstructor':
        checker.add(where, 'it must be given `optimizer`.')
    else:  # several wrappers, by name
        for key, child in node.items():
            if isinstance(child, Mapping) and 'optimizer' in child:
                _check_optim_wrapper(child, f'{where}.{key}', checker)
    if constructor in OWN_PARAMWISE and isinstance(node.get('paramwise_cfg'), Mapping):
        checker.faults.extend(unknown_keys(node['paramwise_cfg'], PARAMWISE, f'{where}.paramwise_cfg'))


def _check_hook_names(hooks: Mapping, checker: ComponentChecker) -> None:
    """A default hook under a misspelt name would run besides the one it replaces."""
    from mmengine.runner import Runner
    source = inspect.getsource(Runner.register_default_hooks)
    known = [name for name in ('runtime_info', 'timer', 'sampler_seed', 'logger', 'param_scheduler', 'checkpoint')
             if f'{name}=' in source]
    for name in hooks:
        meant = did_you_mean(name, known)
        if name not in known and meant:
            checker.add(f'default_hooks.{name}', f'it is no name of a default hook.{meant}')
