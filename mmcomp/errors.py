"""The package's exceptions, and the one sentence form that all of them use.

Every error a user can cause reads ``where: `name` must be law; got value.
Next step.`` so that it can be mended without reading a traceback.
"""
import difflib
from collections.abc import Iterable


class MMCompError(Exception):
    """Base of all errors a user can cause; tools print it as one line."""


class ConfigError(MMCompError):
    """A config file or command-line option is wrong."""


class DataError(MMCompError):
    """An annotation file, image or label is wrong."""


class TableError(MMCompError):
    """A prediction table is wrong, unsafe or does not fit another one."""


class CheckpointError(MMCompError):
    """A checkpoint is missing, torn, unsafe or does not fit the model."""


class LaunchError(MMCompError):
    """A distributed job can't start as asked."""


def fault(where: object, name: str, law: str, got: object, next_step: str) -> str:
    """The sentence of an error.

    Args:
        where: The file, option or class at fault.
        name: The argument, key or column.
        law: What must hold, following the word "must be".
        got: The offending value, shown by ``repr`` and shortened.
        next_step: What to do about it, a full sentence.
    """
    shown = repr(got)
    if len(shown) > 200:
        shown = f'{shown[:197]}...'
    return f'{where}: `{name}` must be {law}; got {shown}. {next_step}'


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``' Did you mean `x`?'`` for the closest known names, or ``''``."""
    close = difflib.get_close_matches(str(word), [str(k) for k in known], n=2, cutoff=0.6)
    return f" Did you mean {' or '.join(f'`{c}`' for c in close)}?" if close else ''


def shorten(names: Iterable[object], limit: int = 5) -> str:
    """The first few names and how many more there are."""
    names = [str(n) for n in names]
    more = f' and {len(names) - limit} more' if len(names) > limit else ''
    return ', '.join(names[:limit]) + more
