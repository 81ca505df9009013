"""Top-level names of a config: which the Runner takes, which some file reads."""
import ast
import difflib
import functools
import inspect
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from mmcomp.apis.checking.fault import Fault

# What the Runner and our tools look up in the config besides the Runner's arguments.
LOOKED_UP = {
    'activation_checkpointing', 'compile', 'custom_imports', 'efficient_conv_bn_eval', 'find_unused_parameters',
    'init_weights_for_test_or_val', 'model_wrapper_cfg', 'runner_type', 'strategy', 'sync_bn', 'tta_model',
    'tta_pipeline', 'vis_backends', 'vocabulary',
}  # yapf: disable
# Usual names for parts of other values; a config that was dumped holds them unread.
USUAL = {'train_pipeline', 'val_pipeline', 'test_pipeline', 'data_root', 'dataset_type'}
_BRACES = re.compile(r'\{\{\s*_base_\.(\w+)')


@functools.cache
def runner_keys() -> frozenset[str]:
    """Every top-level key that has an effect."""
    from mmengine.runner import Runner
    return frozenset(inspect.signature(Runner.__init__).parameters) - {'self', 'cfg'} | LOOKED_UP


def names_read(files: Iterable[Path]) -> set[str]:
    """Module-level names that some file of a ``_base_`` chain reads.

    Counted are loads of a name, ``_base_.name``, ``_base_['name']`` and
    ``{{_base_.name}}``.
    """
    found = set()
    for file in files:
        text = file.read_text(encoding='utf-8')
        found.update(_BRACES.findall(text))
        if file.suffix == '.py':
            for node in ast.walk(ast.parse(text)):
                found.update(_names_in(node))
    return found


def _names_in(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        return [node.id]
    if isinstance(node, (ast.Attribute, ast.Subscript)) and isinstance(node.value, ast.Name):
        if node.value.id == '_base_':
            key = getattr(node, 'slice', None)
            return [node.attr] if isinstance(node, ast.Attribute) else [getattr(key, 'value', '')]
    return []


def places_of(files: Iterable[Path]) -> dict[str, str]:
    """Where each module-level name is assigned last, ``file, line n``."""
    found = {}
    for file in files:
        if file.suffix != '.py':
            continue
        for node in ast.parse(file.read_text(encoding='utf-8')).body:
            for name in ast.walk(node):
                if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store):
                    found[name.id] = f'{file.name}, line {name.lineno}'
    return found


def check_names(keys: Iterable[str], files: Sequence[Path]) -> list[Fault]:
    """Top-level keys without effect.

    An error if it is close to a key of the Runner, for then it is misspelt;
    otherwise a warning. Names that start with an underscore are private.
    """
    known, read, places = runner_keys(), names_read(files), places_of(files)
    faults = []
    for key in keys:
        if key in known or key in read or key.startswith('_'):
            continue
        close = [] if key in USUAL else difflib.get_close_matches(key, known, n=1, cutoff=0.8)
        place = f' ({places[key]})' if key in places else ''
        message = f'no file of the config reads this name and it is no key of the Runner{place}.'
        remedy = f' Did you mean `{close[0]}`?' if close else ' Remove it, or begin it with `_`.'
        faults.append(Fault(key, message + remedy, 'error' if close else 'warning'))
    return faults
