"""Old names, all in this one place: configs and checkpoints of MMClassification 1.x and MMSelfSup 1.x.

Neither library installs beside a current mmcv; what they held lives on in
mmpretrain, partly under other names, and in mmcomp. :func:`modernize` rewrites
a loaded config, :func:`map_checkpoint_keys` the keys of a state dict. Both
work on plain dicts and strings, and leave what is not old as it is.
"""
from collections.abc import Callable, Iterable, Iterator

OLD_SCOPES = ('mmcls', 'mmselfsup')
NEW_SCOPE = 'mmcomp'

# Same arguments, other name.
RENAMED = {
    'PackClsInputs': 'PackInputs',
    'PackSelfSupInputs': 'PackInputs',
    'ClsVisualizer': 'UniversalVisualizer',
    'SelfSupVisualizer': 'UniversalVisualizer',
    'LinearReduction': 'LinearNeck',
}
# Reached the images of one cluster; here images are files.
CLUSTER_BACKENDS = ('petrel', 'ceph', 'memcached')
LOCAL_BACKENDS = ('disk', 'local')
# What the published competition code registered from a package of its own.
OLD_PACKAGES = (*OLD_SCOPES, 'src')
NEEDS_CLASS_COUNTS = ('ArcFaceHead', 'LogitAdjustedLinearHead', 'BalancedSoftmaxLoss', 'LogitAdjustedLoss')


class _Notes:
    """What was rewritten, a line for each kind of change."""

    def __init__(self):
        self._places: dict[str, list[str]] = {}

    def add(self, place: str, message: str) -> None:
        self._places.setdefault(message, []).append(place)

    def lines(self) -> list[str]:
        return [f'{places[0]}: {message}{f" (and {len(places) - 1} more)" if len(places) > 1 else ""}'
                for message, places in self._places.items()]


def modernize(cfg: dict) -> list[str]:
    """Rewrite old names of a config in place.

    Args:
        cfg: A loaded config as nested plain dicts, lists and tuples.

    Returns:
        A sentence for each kind of change, ``place: what was done``; none for
        a config in today's dialect.
    """
    notes = _Notes()
    if _is_old(cfg):
        _rewrite_scopes(cfg, notes)
        _rewrite_top(cfg, notes)
        _rewrite_model(cfg, notes)
        for place, node in list(_dicts(cfg)):
            if isinstance(node.get('type'), str):
                _rewrite_component(node, place, notes)
        _add_counts_hook(cfg, notes)
    for place, node in list(_dicts(cfg)):
        _rewrite_backend(node, place, notes)
    return notes.lines()


def map_checkpoint_keys(keys: Iterable[str]) -> dict[str, str | None]:
    """New names of a state dict's keys, for those that changed.

    Args:
        keys: Keys as they stand in the checkpoint.

    Returns:
        Old key to new key; ``None`` for a buffer that has no counterpart
        (what it held is computed anew from the training data's labels).
    """
    renamed = {key: key.replace(old, new) for key in keys for old, new in _KEY_PARTS.items() if old in key}
    return {**renamed, **{key: None for key in keys if key.endswith(_DROPPED_KEYS)}}


_KEY_PARTS = {
    'head.norm_linear.': 'head.norm_product.',
    'neck.reduction.': 'neck.fc.',
}
_DROPPED_KEYS = ('head.margins', 'head.adjustments', 'loss_module.pos_neg', 'loss_module.sample_per_class')


def _dicts(node: object, place: str = '') -> Iterator[tuple[str, dict]]:
    """Every dict in ``node``, outer ones first, with its dotted place."""
    if isinstance(node, dict):
        yield place, node
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, (list, tuple)) else ()
    for key, child in children:
        yield from _dicts(child, f'{place}.{key}' if place else str(key))


def _old_prefix(name: object) -> bool:
    return isinstance(name, str) and name.partition('.')[0] in OLD_SCOPES


def _is_old(cfg: dict) -> bool:
    """Whether a config speaks the dialect of MMClassification or MMSelfSup."""
    if cfg.get('default_scope') in OLD_SCOPES:
        return True
    return any(node.get('_scope_') in OLD_SCOPES or _old_prefix(node.get('type')) or node.get('type') in RENAMED
               or _old_prefix(node.get('constructor')) for _, node in _dicts(cfg))


def _rewrite_scopes(cfg: dict, notes: _Notes) -> None:
    if cfg.get('default_scope') in OLD_SCOPES:
        notes.add('default_scope', f'`{cfg["default_scope"]}` → `{NEW_SCOPE}`')
        cfg['default_scope'] = NEW_SCOPE
    for place, node in _dicts(cfg):
        if node.get('_scope_') in OLD_SCOPES:
            notes.add(place, f'`_scope_={node.pop("_scope_")!r}` dropped')
        for key in ('type', 'constructor'):
            if _old_prefix(node.get(key)):
                scope, _, node[key] = node[key].partition('.')
                notes.add(f'{place}.{key}', f'scope `{scope}.` dropped')


def _rewrite_top(cfg: dict, notes: _Notes) -> None:
    """Top-level keys, the optimizer wrapper and custom imports."""
    if cfg.pop('launcher', 'none') != 'none':
        notes.add('launcher', 'dropped; the command line says how a job is launched')
    if 'file_client_args' in cfg:
        del cfg['file_client_args']
        notes.add('file_client_args', 'dropped; nothing reads it at the top of a config')
    _rewrite_imports(cfg, notes)
    if isinstance(cfg.get('optim_wrapper'), dict):
        _rewrite_layer_decay(cfg['optim_wrapper'], notes)


def _rewrite_imports(cfg: dict, notes: _Notes) -> None:
    custom = cfg.get('custom_imports')
    if not custom:
        return
    names = custom['imports']
    names = [names] if isinstance(names, str) else list(names)
    kept = [name for name in names if name.partition('.')[0] not in OLD_PACKAGES]
    for name in names:
        if name not in kept:
            notes.add('custom_imports', f'`{name}` dropped; what it registered is part of mmcomp or mmpretrain')
    if kept:
        custom['imports'] = kept
    else:
        del cfg['custom_imports']


def _rewrite_layer_decay(wrapper: dict, notes: _Notes) -> None:
    """The rate moves from the optimizer to where mmpretrain's constructor looks for it."""
    optimizer = wrapper.get('optimizer')
    if not isinstance(optimizer, dict) or 'layer_decay_rate' not in optimizer:
        return
    rate = optimizer.pop('layer_decay_rate')
    optimizer.pop('model_type', None)
    wrapper['paramwise_cfg'] = {'layer_decay_rate': rate, **(wrapper.get('paramwise_cfg') or {})}
    wrapper['constructor'] = 'LearningRateDecayOptimWrapperConstructor'
    notes.add('optim_wrapper.optimizer', '`layer_decay_rate` → `optim_wrapper.paramwise_cfg.layer_decay_rate`')


def _rewrite_model(cfg: dict, notes: _Notes) -> None:
    """What one part of the model must know of another: the number of classes."""
    model = cfg.get('model')
    if not isinstance(model, dict):
        return
    head = model.get('head') if isinstance(model.get('head'), dict) else {}
    augments = _take_augment_classes(model, notes)
    num_classes = head.get('num_classes') or augments
    preprocessor = model.get('data_preprocessor') or cfg.get('data_preprocessor')
    has_augments = bool((model.get('train_cfg') or {}).get('augments'))
    if isinstance(preprocessor, dict) and num_classes and (has_augments or 'num_classes' in preprocessor):
        if preprocessor.get('num_classes') != num_classes:
            notes.add('data_preprocessor', f'`num_classes={num_classes}`, that of the head')
        preprocessor['num_classes'] = num_classes
    loss = head.get('loss')
    if isinstance(loss, dict) and loss.get('type') == 'BalancedSoftmax':
        loss.setdefault('num_classes', num_classes)


def _take_augment_classes(model: dict, notes: _Notes) -> int | None:
    """``num_classes`` of mixup and cutmix; the data preprocessor needs it now."""
    found = None
    for _, node in _dicts((model.get('train_cfg') or {}).get('augments') or []):
        if 'num_classes' in node:
            found = node.pop('num_classes')
            notes.add('model.train_cfg.augments', '`num_classes` → `data_preprocessor.num_classes`')
    return found


def _rewrite_component(node: dict, place: str, notes: _Notes) -> None:
    """A dict with a type: its name, then what its arguments are called."""
    old = node['type']
    if 'avg_token' in node or 'output_cls_token' in node:
        _rewrite_tokens(node, place, notes)
    if old in RENAMED:
        node['type'] = RENAMED[old]
    elif old in _RULES:
        _RULES[old](node, place, notes)
    if node['type'] != old:
        notes.add(place, f'`{old}` → `{node["type"]}`')


def _add_counts_hook(cfg: dict, notes: _Notes) -> None:
    """What read class counts from a path of its own gets them from a hook."""
    hooks = cfg.get('custom_hooks') or []
    needed = any(node.get('type') in NEEDS_CLASS_COUNTS for _, node in _dicts(cfg.get('model')))
    if needed and not any(isinstance(hook, dict) and hook.get('type') == 'ClassCountsHook' for hook in hooks):
        cfg['custom_hooks'] = [*hooks, {'type': 'ClassCountsHook'}]
        notes.add('custom_hooks', '`ClassCountsHook` added')


def _rewrite_backend(node: dict, place: str, notes: _Notes) -> None:
    """``file_client_args`` → ``backend_args``; stores of other people's clusters are dropped."""
    for key in ('file_client_args', 'backend_args'):
        args = node.get(key)
        if not isinstance(args, dict) or key == 'backend_args' and args.get('backend') not in CLUSTER_BACKENDS:
            continue
        del node[key]
        backend = args.get('backend')
        if backend in (*CLUSTER_BACKENDS, *LOCAL_BACKENDS):
            notes.add(place, f'`{key}` of the `{backend}` store dropped; images are read from disk')
        else:
            node['backend_args'] = args
            notes.add(place, f'`{key}` → `backend_args`')


def _rewrite_tokens(node: dict, place: str, notes: _Notes) -> None:
    """Two flags → ``out_type``; the final norm is left as it is."""
    average = node.pop('avg_token', False)
    if node.pop('output_cls_token', True):
        out_type = 'cls_token'
    else:
        out_type = 'avg_featmap' if average else 'featmap'
    node.setdefault('out_type', out_type)
    notes.add(place, f'`avg_token`, `output_cls_token` → `out_type={node["out_type"]!r}`')


def _rename(node: dict, old: str, new: str) -> None:
    """Move an argument; one already given under its new name wins."""
    if old in node:
        value = node.pop(old)
        node.setdefault(new, value)


def _drop(node: dict, names: Iterable[str], place: str, notes: _Notes, why: str) -> None:
    for name in names:
        if node.pop(name, None):
            notes.add(place, f'`{name}` dropped; {why}')


def _rewrite_arcface(node: dict, place: str, notes: _Notes) -> None:
    _rename(node, 's', 'scale')
    _rename(node, 'number_sub_center', 'num_subcenters')
    _drop(node, ['ls_eps'], place, notes, 'give the loss a label smoothing instead')
    _drop(node, ['bias'], place, notes, 'a cosine has no bias')
    if node.get('easy_margin'):
        # mmpretrain's own head still has this variant.
        node.setdefault('scale', 30.0)
        _rename(node, 'm', 'margins')
        return
    node.pop('easy_margin', None)
    node['type'] = 'ArcFaceHead'
    _rename(node, 'm', 'margin')
    _rename(node, 'margins', 'margin')
    node.setdefault('margin', 0.5)


def _rewrite_adaptive_arcface(node: dict, place: str, notes: _Notes) -> None:
    low, width = node.pop('arcface_m_y', None), node.pop('arcface_m_x', None)
    if low is not None or width is not None:
        low, width = 0.05 if low is None else low, 0.45 if width is None else width
        node.setdefault('margin_range', (low, low + width))
    _drop(node, ['ann_file'], place, notes, 'class counts come from the training data set')
    node['margin'] = 'adaptive'
    _rewrite_arcface(node, place, notes)


def _rewrite_eql(node: dict, place: str, notes: _Notes) -> None:
    if node.get('indicator') in ('neg', 'pos_and_neg'):
        notes.add(place, f'`indicator={node["indicator"]!r}` → `pos_neg_ratio`')
        node['indicator'] = 'pos_neg_ratio'


def _rewrite_balanced_softmax(node: dict, place: str, notes: _Notes) -> None:
    node['type'] = 'BalancedSoftmaxLoss'
    _drop(node, ['ann_file'], place, notes, 'class counts come from the training data set')


def _rewrite_linear_head(node: dict, place: str, notes: _Notes) -> None:
    """The old `--lt` put another head in its place; this one has the switch."""
    node['type'] = 'LogitAdjustedLinearHead'


def _rewrite_adjusted_head(node: dict, place: str, notes: _Notes) -> None:
    node['type'] = 'LogitAdjustedLinearHead'
    node.pop('mod_loss', None)
    _drop(node, ['adjustments'], place, notes, 'class counts come from the training data set; predict with `--lt`')


def _rewrite_tta_classifier(node: dict, place: str, notes: _Notes) -> None:
    node['type'] = 'ImageClassifier'
    if node.pop('tta', True):
        notes.add(place, 'flip averaging is a switch of prediction now: `test.py --tta`')


def _rewrite_dataset(node: dict, place: str, notes: _Notes) -> None:
    """A list or folder data set of ours, whose samples have ids."""
    if node.get('split'):
        return  # ImageNet itself, whose lists mmpretrain finds
    node.pop('extensions', None)
    node['type'] = 'ImageListDataset' if node.get('ann_file') else 'ImageFolderDataset'
    if not node.get('ann_file'):
        node.pop('ann_file', None)
    prefix = node.pop('data_prefix', '')
    node.setdefault('image_root', prefix.get('img_path', '') if isinstance(prefix, dict) else prefix)


def _rewrite_crop(node: dict, place: str, notes: _Notes) -> None:
    """MMSelfSup called the result's size `size` and the range of areas `scale`."""
    if 'size' in node:
        _rename(node, 'scale', 'crop_ratio_range')
        _rename(node, 'size', 'scale')
        _rename(node, 'ratio', 'aspect_ratio_range')
        notes.add(place, '`size`, `scale`, `ratio` → `scale`, `crop_ratio_range`, `aspect_ratio_range`')


def _rewrite_mae_loss(node: dict, place: str, notes: _Notes) -> None:
    node['type'] = 'PixelReconstructionLoss'
    node.setdefault('criterion', 'L2')


_RULES: dict[str, Callable[[dict, str, _Notes], None]] = {
    'ArcFaceClsHead': _rewrite_arcface,
    'ArcFaceClsHeadAdaptiveMargin': _rewrite_adaptive_arcface,
    'SoftmaxEQLLoss': _rewrite_eql,
    'BalancedSoftmax': _rewrite_balanced_softmax,
    'LinearClsHead': _rewrite_linear_head,
    'LinearClsHeadWithAdjustment': _rewrite_adjusted_head,
    'TTAImageClassifier': _rewrite_tta_classifier,
    'CustomDataset': _rewrite_dataset,
    'ImageNet': _rewrite_dataset,
    'MAEReconstructionLoss': _rewrite_mae_loss,
    'RandomResizedCrop': _rewrite_crop,
}
