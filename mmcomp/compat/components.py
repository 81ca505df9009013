"""Components: a dict with a type whose name, or whose arguments, were called otherwise."""
from collections.abc import Callable, Iterable

from .notes import Notes

# Same arguments, other name.
RENAMED = {
    'PackClsInputs': 'PackInputs',
    'PackSelfSupInputs': 'PackInputs',
    'ClsVisualizer': 'UniversalVisualizer',
    'SelfSupVisualizer': 'UniversalVisualizer',
    'LinearReduction': 'LinearNeck',
}


def rewrite_component(node: dict, place: str, notes: Notes) -> None:
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


def _rewrite_tokens(node: dict, place: str, notes: Notes) -> None:
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


def _drop(node: dict, names: Iterable[str], place: str, notes: Notes, why: str) -> None:
    for name in names:
        if node.pop(name, None):
            notes.add(place, f'`{name}` dropped; {why}')


def _rewrite_arcface(node: dict, place: str, notes: Notes) -> None:
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


def _rewrite_adaptive_arcface(node: dict, place: str, notes: Notes) -> None:
    low, width = node.pop('arcface_m_y', None), node.pop('arcface_m_x', None)
    if low is not None or width is not None:
        low, width = 0.05 if low is None else low, 0.45 if width is None else width
        node.setdefault('margin_range', (low, low + width))
    _drop(node, ['ann_file'], place, notes, 'class counts come from the training data set')
    node['margin'] = 'adaptive'
    _rewrite_arcface(node, place, notes)


def _rewrite_eql(node: dict, place: str, notes: Notes) -> None:
    if node.get('indicator') in ('neg', 'pos_and_neg'):
        notes.add(place, f'`indicator={node["indicator"]!r}` → `pos_neg_ratio`')
        node['indicator'] = 'pos_neg_ratio'


def _rewrite_balanced_softmax(node: dict, place: str, notes: Notes) -> None:
    node['type'] = 'BalancedSoftmaxLoss'
    _drop(node, ['ann_file'], place, notes, 'class counts come from the training data set')


def _rewrite_linear_head(node: dict, place: str, notes: Notes) -> None:
    """The old `--lt` put another head in its place; this one has the switch."""
    node['type'] = 'LogitAdjustedLinearHead'


def _rewrite_adjusted_head(node: dict, place: str, notes: Notes) -> None:
    node['type'] = 'LogitAdjustedLinearHead'
    node.pop('mod_loss', None)
    _drop(node, ['adjustments'], place, notes, 'class counts come from the training data set; predict with `--lt`')


def _rewrite_tta_classifier(node: dict, place: str, notes: Notes) -> None:
    node['type'] = 'ImageClassifier'
    if node.pop('tta', True):
        notes.add(place, 'flip averaging is a switch of prediction now: `test.py --tta`')


def _rewrite_dataset(node: dict, place: str, notes: Notes) -> None:
    """A list or folder data set of ours, whose samples have ids."""
    if node.get('split'):
        return  # ImageNet itself, whose lists mmpretrain finds
    node.pop('extensions', None)
    node['type'] = 'ImageListDataset' if node.get('ann_file') else 'ImageFolderDataset'
    if not node.get('ann_file'):
        node.pop('ann_file', None)
    prefix = node.pop('data_prefix', '')
    node.setdefault('image_root', prefix.get('img_path', '') if isinstance(prefix, dict) else prefix)


def _rewrite_crop(node: dict, place: str, notes: Notes) -> None:
    """MMSelfSup called the result's size `size` and the range of areas `scale`."""
    if 'size' in node:
        _rename(node, 'scale', 'crop_ratio_range')
        _rename(node, 'size', 'scale')
        _rename(node, 'ratio', 'aspect_ratio_range')
        notes.add(place, '`size`, `scale`, `ratio` → `scale`, `crop_ratio_range`, `aspect_ratio_range`')


def _rewrite_mae_loss(node: dict, place: str, notes: Notes) -> None:
    node['type'] = 'PixelReconstructionLoss'
    node.setdefault('criterion', 'L2')


_RULES: dict[str, Callable[[dict, str, Notes], None]] = {
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
