"""What tools, recipes and tests call. Each name is imported when it is first used."""
from importlib import import_module

_HOMES = {
    'build': 'building', 'load_model': 'building', 'load_config': 'config', 'check_config': 'config_check',
    'train': 'training', 'predict': 'prediction', 'predict_table': 'prediction',
    'predict_tables': 'prediction', 'init_dist': 'launch',
}  # yapf: disable
__all__ = list(_HOMES)


def __getattr__(name: str):
    if name not in _HOMES:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    return getattr(import_module(f'{__name__}.{_HOMES[name]}'), name)
