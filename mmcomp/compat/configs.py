"""Configs in the old dialect, rewritten in place."""
from .components import RENAMED, rewrite_component
from .notes import Notes, dicts

OLD_SCOPES = ('mmcls', 'mmselfsup')
NEW_SCOPE = 'mmcomp'
# Reached the images of one cluster; here images are files.
CLUSTER_BACKENDS = ('petrel', 'ceph', 'memcached')
LOCAL_BACKENDS = ('disk', 'local')
# What the published competition code registered from a package of its own.
OLD_PACKAGES = (*OLD_SCOPES, 'src')
NEEDS_CLASS_COUNTS = ('ArcFaceHead', 'LogitAdjustedLinearHead', 'BalancedSoftmaxLoss', 'LogitAdjustedLoss')


def modernize(cfg: dict) -> list[str]:
    """Rewrite old names of a config in place.

    Args:
        cfg: A loaded config as nested plain dicts, lists and tuples.

    Returns:
        A sentence for each kind of change, ``place: what was done``; none for
        a config in today's dialect.
    """
    notes = Notes()
    if _is_old(cfg):
        _rewrite_scopes(cfg, notes)
        _rewrite_top(cfg, notes)
        _rewrite_model(cfg, notes)
        for place, node in list(dicts(cfg)):
            if isinstance(node.get('type'), str):
                rewrite_component(node, place, notes)
        _add_counts_hook(cfg, notes)
    for place, node in list(dicts(cfg)):
        _rewrite_backend(node, place, notes)
    return notes.lines()


def _old_prefix(name: object) -> bool:
    return isinstance(name, str) and name.partition('.')[0] in OLD_SCOPES


def _is_old(cfg: dict) -> bool:
    """Whether a config speaks the dialect of MMClassification or MMSelfSup."""
    if cfg.get('default_scope') in OLD_SCOPES:
        return True
    return any(node.get('_scope_') in OLD_SCOPES or _old_prefix(node.get('type')) or node.get('type') in RENAMED
               or _old_prefix(node.get('constructor')) for _, node in dicts(cfg))


def _rewrite_scopes(cfg: dict, notes: Notes) -> None:
    if cfg.get('default_scope') in OLD_SCOPES:
        notes.add('default_scope', f'`{cfg["default_scope"]}` → `{NEW_SCOPE}`')
        cfg['default_scope'] = NEW_SCOPE
    for place, node in dicts(cfg):
        if node.get('_scope_') in OLD_SCOPES:
            notes.add(place, f'`_scope_={node.pop("_scope_")!r}` dropped')
        for key in ('type', 'constructor'):
            if _old_prefix(node.get(key)):
                scope, _, node[key] = node[key].partition('.')
                notes.add(f'{place}.{key}', f'scope `{scope}.` dropped')


def _rewrite_top(cfg: dict, notes: Notes) -> None:
    """Top-level keys, the optimizer wrapper and custom imports."""
    if cfg.pop('launcher', 'none') != 'none':
        notes.add('launcher', 'dropped; the command line says how a job is launched')
    if 'file_client_args' in cfg:
        del cfg['file_client_args']
        notes.add('file_client_args', 'dropped; nothing reads it at the top of a config')
    _rewrite_imports(cfg, notes)
    if isinstance(cfg.get('optim_wrapper'), dict):
        _rewrite_layer_decay(cfg['optim_wrapper'], notes)


def _rewrite_imports(cfg: dict, notes: Notes) -> None:
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


def _rewrite_layer_decay(wrapper: dict, notes: Notes) -> None:
    """The rate moves from the optimizer to where mmpretrain's constructor looks for it."""
    optimizer = wrapper.get('optimizer')
    if not isinstance(optimizer, dict) or 'layer_decay_rate' not in optimizer:
        return
    rate = optimizer.pop('layer_decay_rate')
    optimizer.pop('model_type', None)
    wrapper['paramwise_cfg'] = {'layer_decay_rate': rate, **(wrapper.get('paramwise_cfg') or {})}
    wrapper['constructor'] = 'LearningRateDecayOptimWrapperConstructor'
    notes.add('optim_wrapper.optimizer', '`layer_decay_rate` → `optim_wrapper.paramwise_cfg.layer_decay_rate`')


def _rewrite_model(cfg: dict, notes: Notes) -> None:
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


def _take_augment_classes(model: dict, notes: Notes) -> int | None:
    """``num_classes`` of mixup and cutmix; the data preprocessor needs it now."""
    found = None
    for _, node in dicts((model.get('train_cfg') or {}).get('augments') or []):
        if 'num_classes' in node:
            found = node.pop('num_classes')
            notes.add('model.train_cfg.augments', '`num_classes` → `data_preprocessor.num_classes`')
    return found


def _add_counts_hook(cfg: dict, notes: Notes) -> None:
    """What read class counts from a path of its own gets them from a hook."""
    hooks = cfg.get('custom_hooks') or []
    needed = any(node.get('type') in NEEDS_CLASS_COUNTS for _, node in dicts(cfg.get('model')))
    if needed and not any(isinstance(hook, dict) and hook.get('type') == 'ClassCountsHook' for hook in hooks):
        cfg['custom_hooks'] = [*hooks, {'type': 'ClassCountsHook'}]
        notes.add('custom_hooks', '`ClassCountsHook` added')


def _rewrite_backend(node: dict, place: str, notes: Notes) -> None:
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
