"""What flows between the parts of mmcomp. Imported lazily: tables need no torch."""
from importlib import import_module

_HOMES = {'PredictionTable': 'prediction_table', 'TokenSequence': 'token_sequence'}
__all__ = list(_HOMES)


def __getattr__(name: str):
    if name not in _HOMES:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    return getattr(import_module(f'{__name__}.{_HOMES[name]}'), name)
