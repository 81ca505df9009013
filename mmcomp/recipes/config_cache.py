"""Config files as plain dicts, remembered, so that a finished recipe is found finished without loading a framework."""
import ast
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmcomp.files import write_json


class ConfigCache:
    """Resolved configs by the content of their files.

    Args:
        folder: Where they are kept.
    """

    def __init__(self, folder: Path):
        self.folder = folder

    def load(self, path: Path, options: Any = None) -> dict:
        """The config with options merged, old names rewritten, as JSON can hold it (ranges are lists).

        Raises:
            ConfigError: As of :func:`mmcomp.apis.config.load_config`.
        """
        kept = self._kept(path, options)
        if kept is not None and kept.is_file():
            return json.loads(kept.read_text(encoding='utf-8'))
        from mmcomp.apis.config import read_config
        content = plain(read_config(path, options)[0].to_dict())
        if kept is not None:
            write_json(kept, content)
        return content

    def _kept(self, path: Path, options: Any) -> Path | None:
        """Where the config is kept; None where what it depends on can't be told without running it."""
        digest = hashlib.sha256(json.dumps([options, path.name], sort_keys=True, default=str).encode())
        try:
            for file in bases(path):
                digest.update(file.read_bytes())
        except (OSError, ValueError, SyntaxError):
            return None
        return self.folder / f'{path.stem}-{digest.hexdigest()[:16]}.json'


def bases(path: Path, above: tuple[Path, ...] = ()) -> list[Path]:
    """A Python config and all its bases, read without running them.

    Raises:
        ValueError: If a ``_base_`` is no literal path, or the file imports modules, which may say anything.
    """
    path = path.resolve()
    if path.suffix != '.py' or path in above:
        raise ValueError(str(path))
    files = []
    for node in ast.parse(path.read_text(encoding='utf-8')).body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            raise ValueError(f'{path}: imports')
        if isinstance(node, ast.Assign) and any(getattr(t, 'id', None) == '_base_' for t in node.targets):
            said = ast.literal_eval(node.value)
            for base in [said] if isinstance(said, str) else said:
                if '::' in base or '{{' in base:
                    raise ValueError(f'{path}: {base}')
                files += bases(path.parent / base, (*above, path))
    return [*files, path]


def plain(value: Any) -> Any:
    """Nested values as JSON gives them back."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, range, set)):
        return [plain(item) for item in (sorted(value) if isinstance(value, set) else value)]
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
