"""Files that a config names, joined with ``data_root`` as the data sets do."""
from collections.abc import Iterator, Mapping
from pathlib import Path

from mmcomp.apis.checking.fault import Fault

PATH_KEYS = ('ann_file', 'data_prefix', 'image_root', 'image_roots', 'id_list', 'soft_targets')


def _is_local(path: object) -> bool:
    return isinstance(path, str) and bool(path) and '://' not in path


def missing_of_dataset(cfg: Mapping, where: str, level: str) -> Iterator[Fault]:
    """Faults for annotation files and image folders that do not exist."""
    root = cfg.get('data_root') or ''
    if '://' in root:
        return
    has_root = not root or Path(root).expanduser().exists()
    if not has_root:
        yield Fault(f'{where}.data_root', f'no such folder: {root}. Put the data there, or set the path.', level)
    for place, path in _named_paths(cfg):
        joined = Path(root, path).expanduser()
        # A missing root is reported once, not again for all below it.
        if (has_root or Path(path).is_absolute()) and not joined.exists():
            yield Fault(f'{where}.{place}', f'no such file or folder: {joined}. Make it, or set the path.', level)


def _named_paths(cfg: Mapping) -> Iterator[tuple[str, str]]:
    for key in PATH_KEYS:
        value = cfg.get(key)
        named = value if isinstance(value, Mapping) else {'': value}
        yield from ((f'{key}.{name}'.rstrip('.'), path) for name, path in named.items() if _is_local(path))


def missing_checkpoint(path: object, where: str, level: str) -> Iterator[Fault]:
    """A fault if ``path`` is a local file that does not exist; ``clip://`` before it only says what it is."""
    path = path.removeprefix('clip://') if isinstance(path, str) else path
    if _is_local(path) and not Path(path).expanduser().is_file():
        yield Fault(where, f'no such file: {path}. Fetch it, or set the path.', level)
