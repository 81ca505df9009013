"""Types and keywords of everything a config has built, each in its registry."""
import functools
import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from mmcomp.apis.checking.fault import Fault
from mmcomp.apis.checking.files import missing_checkpoint, missing_of_dataset
from mmcomp.apis.checking.signatures import keywords_of
from mmcomp.errors import did_you_mean
from mmcomp.registry import REGISTRIES


@dataclass(frozen=True)
class Slot:
    """A place of a config where something is built.

    Args:
        registry: Where its type is looked up.
        default: The type if the dict names none.
        supplied: Arguments that whoever builds it adds.
        extra: Keys that whoever builds it takes out before.
        complete: Whether required arguments must be there already.
        anywhere: Whether another registry will do as well.
    """
    registry: str
    default: str | None = None
    supplied: frozenset[str] = frozenset()
    extra: frozenset[str] = frozenset()
    complete: bool = True
    anywhere: bool = False


def _slot(registry: str, default: str | None = None, supplied: str = '', extra: str = '',
          complete: bool = True) -> Slot:
    return Slot(registry, default, frozenset(supplied.split()), frozenset(extra.split()), complete)


MODEL = _slot('MODELS')
# Where a key decides the registry, wherever it stands.
KEYED = {
    'pipeline': _slot('TRANSFORMS'),
    'transforms': _slot('TRANSFORMS'),
    'text_transforms': _slot('TRANSFORMS'),
    'policies': _slot('TRANSFORMS', extra='magnitude_key magnitude_range', complete=False),
    'dataset': _slot('DATASETS'),
    'datasets': _slot('DATASETS'),
    'init_cfg': _slot('WEIGHT_INITIALIZERS', extra='override name'),
    'override': _slot('WEIGHT_INITIALIZERS', extra='name', complete=False),
    'augments': _slot('BATCH_AUGMENTS'),
    'vis_backends': _slot('VISBACKENDS', supplied='save_dir'),
    'metrics': _slot('METRICS'),
    'optimizer': _slot('OPTIMIZERS', supplied='params'),
    'sampler': _slot('DATA_SAMPLERS', supplied='dataset seed'),
    'batch_sampler': _slot('DATA_SAMPLERS', supplied='sampler batch_size'),
    'collate_fn': _slot('FUNCTIONS', complete=False),
    'worker_init_fn': _slot('FUNCTIONS', complete=False),
    'backbone': MODEL, 'neck': MODEL, 'head': MODEL, 'loss': MODEL,
}  # yapf: disable
TOP = {
    'tta_model': _slot('MODELS', supplied='module'),
    'tta_pipeline': _slot('TRANSFORMS'),
    'val_cfg': _slot('LOOPS', 'ValLoop', 'runner dataloader evaluator'),
    'test_cfg': _slot('LOOPS', 'TestLoop', 'runner dataloader evaluator'),
    'param_scheduler': _slot('PARAM_SCHEDULERS', supplied='optimizer', extra='convert_to_iter_based'),
    'custom_hooks': _slot('HOOKS', extra='priority'),
    'default_hooks': _slot('HOOKS', extra='priority'),
    'visualizer': _slot('VISUALIZERS', 'Visualizer', 'name save_dir'),
    'vis_backends': KEYED['vis_backends'],
    'log_processor': _slot('LOG_PROCESSORS', 'LogProcessor'),
    'model_wrapper_cfg': _slot('MODEL_WRAPPERS', 'MMDistributedDataParallel', 'module device_ids'),
    'strategy': _slot('STRATEGIES', complete=False),
}  # yapf: disable
# Plain values that hold no components, whatever keys they have.
OPAQUE = {'metainfo', 'hparams', 'paramwise_cfg', 'backend_args', 'arch', 'targets', 'tokenizer', 'rows', 'type',
          '_scope_'}
META = {'type', '_scope_'}


class ComponentChecker:
    """Walks a config and collects faults.

    Args:
        missing_level: Level of files that do not exist.
    """

    def __init__(self, missing_level: str = 'warning'):
        self.missing_level = missing_level
        self.faults: list[Fault] = []

    def add(self, where: str, message: str, level: str = 'error') -> None:
        self.faults.append(Fault(where, message, level))

    def check(self, node: object, where: str, slot: Slot) -> None:
        """A component, or lists and dicts of components."""
        if isinstance(node, Mapping):
            if 'type' in node or slot.default:
                self.check_component(node, where, slot)
            else:
                for key, child in node.items():
                    self.check_child(key, child, f'{where}.{key}', slot)
        elif isinstance(node, (list, tuple)):
            for i, child in enumerate(node):
                self.check(child, f'{where}.{i}', replace(slot, default=None))

    def check_child(self, key: str, child: object, where: str, slot: Slot) -> None:
        """What stands under ``key`` of a component or of a dict of components."""
        if key not in OPAQUE:
            within = KEYED.get(key) or replace(slot, default=None)
            if str(key).endswith('_cfg') and key != 'init_cfg':
                # mmcv builds norms and activations with arguments from around them.
                within = Slot('MODELS', extra=frozenset({'requires_grad'}), complete=False, anywhere=True)
            self.check(child, where, within)

    def check_component(self, cfg: Mapping, where: str, slot: Slot) -> Callable | None:
        """Type, keywords and children of one component; its class if known."""
        component = self.find(cfg.get('type', slot.default), where, slot, cfg.get('_scope_'))
        if component is not None:
            self.check_keywords(component, cfg, where, slot)
        if slot.registry == 'DATASETS':
            self.faults.extend(missing_of_dataset(cfg, where, self.missing_level))
        for key in ('checkpoint', 'pretrained'):
            if key == 'pretrained' or slot.registry == 'WEIGHT_INITIALIZERS':
                self.faults.extend(missing_checkpoint(cfg.get(key), f'{where}.{key}', self.missing_level))
        inner = Slot(slot.registry, complete=False, anywhere=True)
        for key, child in cfg.items():
            self.check_child(key, child, f'{where}.{key}', inner)
        return component

    def find(self, name: object, where: str, slot: Slot, scope: str | None = None) -> Callable | None:
        """The class that a type names; a fault and ``None`` if there is none."""
        if not isinstance(name, str):
            if not callable(name):
                self.add(where, f'`type` must be a name in {slot.registry}; got {name!r}.')
            return name if callable(name) else None
        component = _look_up(slot.registry, name, scope)
        if component is not None:
            return component
        others = [other for other in REGISTRIES if _look_up(other, name, scope) is not None]
        if others and slot.anywhere:
            return _look_up(others[0], name, scope)
        found = f' It is one of {", ".join(others)}.' if others else did_you_mean(name, _names(slot.registry))
        self.add(where, f'`type` must be a name in {slot.registry}; got {name!r}.{found}')
        return None

    def check_keywords(self, component: Callable, cfg: Mapping, where: str, slot: Slot) -> None:
        """Keywords the component does not take, and required ones not there."""
        keywords = keywords_of(component)
        name = getattr(component, '__name__', str(component))
        known = keywords.accepted | slot.extra
        for key in cfg:
            if key in known | META:
                continue
            close = did_you_mean(key, keywords.accepted)
            if keywords.open:
                self.add(f'{where}.{key}', f'not checkable: {name} hands `{key}` to code without a signature.{close}',
                         'note')
            else:
                self.add(f'{where}.{key}', f'{name} takes no argument `{key}`.{close}')
        missing = keywords.required - set(cfg) - slot.supplied
        if slot.complete and missing:
            listed = ', '.join(f'`{key}`' for key in sorted(missing))
            self.add(where, f'{name} must be given {listed}.')


def _look_up(registry: str, name: str, scope: str | None = None) -> Callable | None:
    name = f'{scope}.{name}' if scope and '.' not in name else name
    try:
        return REGISTRIES[registry].get(name)
    except (AttributeError, ImportError, ValueError):  # a dotted path to something that is not there
        return None


@functools.cache
def _names(registry: str) -> list[str]:
    """All names known in a registry or its ancestors."""
    found, at = [], REGISTRIES[registry]
    while at is not None:
        found += at.module_dict
        at = at.parent
    return found


def default_preprocessor(model: Callable | None) -> str | None:
    """The type that a model's ``__init__`` gives a data preprocessor without one."""
    for cls in inspect.getmro(model) if inspect.isclass(model) else ():
        init = vars(cls).get('__init__')
        source = inspect.getsource(init) if inspect.isfunction(init) else ''
        found = re.search(r"data_preprocessor\.setdefault\(\s*'type',\s*'(\w+)'", source)
        if found:
            return found.group(1)
    return None


def unknown_keys(given: Iterable[str], known: Iterable[str], where: str) -> Iterator[Fault]:
    """Keys of a dict that is read key by key: others have no effect."""
    known = set(known)
    for key in given:
        if key not in known:
            yield Fault(f'{where}.{key}', f'nothing reads `{key}` here.{did_you_mean(key, known)}')
