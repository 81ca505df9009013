"""Every registry finds and builds components of mmengine, mmpretrain and mmcomp by plain name."""
import subprocess
import sys

import mmengine.registry
import mmpretrain.registry
import pytest
import torch
from mmengine.evaluator import Evaluator
from mmengine.registry import DefaultScope
from mmengine.registry import Registry as MMEngineRegistry
from torch import nn
from torch.utils.data import DataLoader

from mmcomp.registry import REGISTRIES

WEIGHT = nn.Parameter(torch.zeros(2))
SGD = torch.optim.SGD([WEIGHT], lr=.1)
LOADER = DataLoader([1, 2])
LAYER_DECAY = dict(optim_wrapper_cfg=dict(optimizer=dict(type='SGD', lr=.1)))
LAZY = dict(type='CustomDataset', data_root='.', lazy_init=True)

# One component of mmengine (or of torch and mmcv, which register there), one of
# mmpretrain; None where that library registers nothing of the kind.
COMPONENTS = {
    'RUNNERS': (dict(type='Runner', model=nn.Linear(1, 1), work_dir='work', experiment_name='registries',
                     log_level='ERROR'), None),
    'RUNNER_CONSTRUCTORS': (None, None),
    'LOOPS': (dict(type='EpochBasedTrainLoop', runner=None, dataloader=LOADER, max_epochs=1),
              dict(type='RetrievalValLoop', runner=None, dataloader=LOADER,
                   evaluator=Evaluator([]))),
    'HOOKS': (dict(type='IterTimerHook'), dict(type='ClassNumCheckHook')),
    'LOG_PROCESSORS': (dict(type='LogProcessor'), None),
    'OPTIMIZERS': (dict(type='SGD', params=[WEIGHT], lr=.1), dict(type='Lamb', params=[WEIGHT], lr=.1)),
    'OPTIM_WRAPPERS': (dict(type='OptimWrapper', optimizer=SGD), None),
    'OPTIM_WRAPPER_CONSTRUCTORS': (dict(type='DefaultOptimWrapperConstructor', **LAYER_DECAY),
                                   dict(type='LearningRateDecayOptimWrapperConstructor', **LAYER_DECAY)),
    'PARAM_SCHEDULERS': (dict(type='ConstantLR', optimizer=SGD),
                         dict(type='CosineAnnealingWeightDecay', optimizer=SGD, T_max=2)),
    'DATASETS': (dict(type='RepeatDataset', dataset=LAZY, times=2, lazy_init=True), LAZY),
    'DATA_SAMPLERS': (dict(type='DefaultSampler', dataset=[1, 2]), dict(type='RepeatAugSampler', dataset=[1, 2])),
    'TRANSFORMS': (dict(type='LoadImageFromFile'), dict(type='PackInputs')),
    'MODELS': (dict(type='GELU'), dict(type='GlobalAveragePooling')),
    'MODEL_WRAPPERS': (dict(type='DataParallel', module=nn.Linear(1, 1)), None),
    'WEIGHT_INITIALIZERS': (dict(type='Constant', val=0., layer='Linear'), None),
    'BATCH_AUGMENTS': (None, dict(type='Mixup', alpha=.8)),
    'TASK_UTILS': (None, None),
    'TOKENIZER': (None, None),
    'METRICS': (dict(type='DumpResults', out_file_path='out.pkl'), dict(type='Accuracy')),
    'EVALUATORS': (dict(type='Evaluator', metrics=[]), None),
    'VISUALIZERS': (dict(type='Visualizer', name='plain'), dict(type='UniversalVisualizer', name='universal')),
    'VISBACKENDS': (dict(type='LocalVisBackend', save_dir='vis'), None),
    'STRATEGIES': (dict(type='SingleDeviceStrategy', work_dir='work'), None),
    'INFERENCERS': (None, None),
    'FUNCTIONS': (dict(type='pseudo_collate', data_batch=[1, 2]), None),
}


@pytest.fixture(autouse=True)
def scope(tmp_path, monkeypatch):
    """The scope of recipes, and a folder for what components write."""
    monkeypatch.chdir(tmp_path)
    with DefaultScope.overwrite_default_scope('mmcomp'):
        yield


@pytest.fixture()
def forget():
    """Takes registries' new names out again."""
    before = {name: dict(registry._module_dict) for name, registry in REGISTRIES.items()}
    yield
    for name, registry in REGISTRIES.items():
        registry._module_dict.clear()
        registry._module_dict.update(before[name])


def registries_of(module) -> set[str]:
    return {k for k, v in vars(module).items() if isinstance(v, MMEngineRegistry)}


def test_no_registry_is_left_out():
    upstream = registries_of(mmpretrain.registry) | registries_of(mmengine.registry)
    upstream = {name for name in upstream if not name.startswith('MMENGINE_')} - {'EVALUATOR'}
    assert upstream == set(REGISTRIES) == set(COMPONENTS)
    assert all(registry.scope == 'mmcomp' for registry in REGISTRIES.values())


@pytest.mark.parametrize('name', REGISTRIES)
def test_builds_components_of_the_libraries(name):
    registry = REGISTRIES[name]
    registry.import_from_location()
    for scope, cfg in zip(('mmengine', 'mmpretrain'), COMPONENTS[name], strict=True):
        parent = registry.parent
        while parent is not None and parent.scope != scope:
            parent = parent.parent
        if cfg is None:
            assert not (parent and parent.module_dict), f'{scope} has {name}; add a row'
            continue
        assert cfg['type'] in parent.module_dict
        built = registry.build(cfg)
        assert built == [1, 2] if name == 'FUNCTIONS' else isinstance(built, parent.module_dict[cfg['type']])


@pytest.mark.parametrize('name', REGISTRIES)
def test_builds_our_own_and_is_found_from_above(name, forget):
    registry = REGISTRIES[name]

    @registry.register_module()
    class OwnComponent:
        def __init__(self, size: int):
            self.size = size

        @classmethod
        def from_cfg(cls, cfg: dict):
            return cls(cfg['size'])

    # Runners name their type apart, for `type` may be a key of the whole config.
    own = {'runner_type' if name == 'RUNNERS' else 'type': 'OwnComponent'}
    assert registry.build(dict(own, size=3)).size == 3
    above = registry.parent
    while above is not None:
        assert above.build(dict(own, size=4)).size == 4, f'by plain name from {above.scope}'
        assert 'OwnComponent' not in above.module_dict
        above = above.parent
    with pytest.raises(KeyError, match='already registered'):
        registry.register_module(name='OwnComponent', module=OwnComponent)


TAKEN = [(name, cfg['type']) for name, row in COMPONENTS.items() for cfg in row if cfg]


@pytest.mark.parametrize(('name', 'taken'), TAKEN)
@pytest.mark.parametrize('force', [False, True])
def test_a_name_of_an_ancestor_is_refused(name, taken, force, forget):
    with pytest.raises(KeyError, match='force' if force else f'`{taken}` must be a new name'):
        REGISTRIES[name].register_module(name=taken, module=nn.Identity, force=force)
    assert taken not in REGISTRIES[name]._module_dict


def test_a_name_is_refused_before_anything_was_looked_up():
    """The ancestors fill lazily; a name must not slip in before they did."""
    code = ('from mmcomp.registry import OPTIMIZERS, METRICS\n'
            'for registry, name in ((OPTIMIZERS, "Lamb"), (METRICS, "Accuracy")):\n'
            '    try:\n'
            '        registry.register_module(name=name, module=dict)\n'
            '    except KeyError as error:\n'
            '        assert "must be a new name" in str(error)\n'
            '    else:\n'
            '        raise SystemExit(f"{name} was shadowed")\n')
    result = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, timeout=300,
                            cwd=mmcomp_root())
    assert result.returncode == 0, result.stderr[-2000:]
    assert (result.stdout, result.stderr) == ('', ''), 'importing the registries prints nothing'


def mmcomp_root() -> str:
    import mmcomp
    return mmcomp.__path__[0].removesuffix('mmcomp')
