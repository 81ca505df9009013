"""Which keywords a class takes, followed through ``**kwargs`` along its MRO."""
import ast
import functools
import inspect
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


@dataclass(frozen=True)
class Keywords:
    """Keywords a callable takes.

    Args:
        accepted: All that some signature names.
        required: Those without a default that no subclass fills in.
        open: Whether it also takes keywords that no signature names.
        positional: Names in the order in which positions bind them.
    """
    accepted: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()
    open: bool = False
    positional: tuple[str, ...] = field(default=(), compare=False)


@functools.cache
def keywords_of(component: Callable) -> Keywords:
    """Keywords of a class's ``__init__`` chain, or of a function."""
    if inspect.isclass(component):
        return _along_mro(component.__mro__)
    try:
        found, rest = _named(inspect.signature(component))
    except (TypeError, ValueError):  # builtins without a signature
        return Keywords(open=True)
    return Keywords(found.accepted, found.required, open=rest is not None, positional=found.positional)


def _named(signature: inspect.Signature, skip: int = 0) -> tuple[Keywords, str | None]:
    """What a signature names, and how it calls its ``**kwargs``."""
    parameters = list(signature.parameters.values())[skip:]
    accepted = frozenset(p.name for p in parameters if p.kind in _NAMED)
    required = frozenset(p.name for p in parameters if p.kind in _NAMED and p.default is p.empty)
    rest = next((p.name for p in parameters if p.kind is p.VAR_KEYWORD), None)
    return Keywords(accepted, required, positional=tuple(p.name for p in parameters if p.kind in _POSITIONAL)), rest


def _along_mro(mro: Sequence[type]) -> Keywords:
    """Keywords of the first ``__init__`` in ``mro``, with those it passes on."""
    at = next(i for i, cls in enumerate(mro) if '__init__' in vars(cls))
    owner = mro[at]
    # torch's Module is written to take anything, and refuses everything.
    if owner is object or (owner.__module__, owner.__name__) == ('torch.nn.modules.module', 'Module'):
        return Keywords()
    try:
        own, rest = _named(inspect.signature(owner.__init__), skip=1)
    except (TypeError, ValueError):
        return Keywords(open=True)
    if rest is None:
        return own
    tree = _syntax_tree(owner.__init__)
    call = _forwarding_call(tree, rest, mro[at + 1:]) if tree else None
    if call is None:
        return Keywords(own.accepted | _taken_out(tree, rest), own.required, True, own.positional)
    return _join(own, call, _taken_out(tree, rest))


def _syntax_tree(function: Callable) -> ast.AST | None:
    try:
        return ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return None


@dataclass(frozen=True)
class _Call:
    """The call that hands ``**kwargs`` to a parent's ``__init__``."""
    parent: Keywords
    positions: int
    named: frozenset[str]


def _forwarding_call(tree: ast.AST, rest: str, parents: Sequence[type]) -> _Call | None:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr != '__init__':
            continue
        if not any(k.arg is None and isinstance(k.value, ast.Name) and k.value.id == rest for k in node.keywords):
            continue
        target, positions = node.func.value, node.args
        if isinstance(target, ast.Name):  # Parent.__init__(self, …)
            named = [i for i, cls in enumerate(parents) if cls.__name__ == target.id]
            parents, positions = parents[named[0]:] if named else (), positions[1:]
        elif not _is_super(target):
            continue
        else:
            parents = _after_named(target, parents)
        if parents:
            plain = [arg for arg in positions if not isinstance(arg, ast.Starred)]
            return _Call(_along_mro(parents), len(plain), frozenset(k.arg for k in node.keywords if k.arg))
    return None


def _is_super(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == 'super'


def _after_named(call: ast.Call, parents: Sequence[type]) -> Sequence[type]:
    """``super(Parent, self)`` starts behind ``Parent``."""
    name = call.args[0].id if call.args and isinstance(call.args[0], ast.Name) else None
    at = [i for i, cls in enumerate(parents) if cls.__name__ == name]
    return parents[at[0] + 1:] if at else parents


def _join(own: Keywords, call: _Call, taken_out: frozenset[str]) -> Keywords:
    given = call.named | frozenset(call.parent.positional[:call.positions])
    accepted = own.accepted | taken_out | (call.parent.accepted - given)
    required = own.required | (call.parent.required - given - own.accepted - taken_out)
    return Keywords(accepted, required, call.parent.open, own.positional)


def _taken_out(tree: ast.AST | None, rest: str) -> frozenset[str]:
    """Names that the body reads from its ``**kwargs`` itself."""
    found = set()
    for node in ast.walk(tree) if tree else ():
        owner, key = None, None
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            if node.func.attr in ('pop', 'get', 'setdefault'):
                owner, key = node.func.value, node.args[0]
        elif isinstance(node, ast.Subscript):
            owner, key = node.value, node.slice
        if isinstance(owner, ast.Name) and owner.id == rest and isinstance(key, ast.Constant):
            found.add(key.value)
    return frozenset(found)
