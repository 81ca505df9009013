"""Keys of instances: hashes of all that decides a result."""
import hashlib
import json
import os
from dataclasses import fields
from pathlib import Path
from typing import Any

from mmcomp.files import write_json
from mmcomp.recipes.code_digest import CodeDigests, digest_of
from mmcomp.recipes.config_cache import ConfigCache, plain
from mmcomp.recipes.instance import Bound, Instance, Outside, replaced
from mmcomp.recipes.plan import Plan


class KeyMaker:
    """Makes keys; what is slow to find out is remembered in ``memory.json`` of a folder.

    Args:
        folder: Of the memory.
    """

    def __init__(self, folder: Path):
        self.path = folder / 'memory.json'
        known = json.loads(self.path.read_text(encoding='utf-8')) if self.path.is_file() else {}
        self.memory = dict(code=known.get('code', {}), files=known.get('files', {}))
        self._before = json.dumps(self.memory, sort_keys=True)
        self.code = CodeDigests(self.memory['code'])
        self.configs = ConfigCache(folder / 'configs')

    def keys(self, plan: Plan) -> dict[str, str]:
        """The key of every instance."""
        return {name: digest_of(parts) for name, parts in self.parts(plan).items()}

    def parts(self, plan: Plan) -> dict[str, dict[str, Any]]:
        """What each key is the hash of; compared, they say why a stage runs again."""
        made: dict[str, dict[str, Any]] = {}
        keys: dict[str, str] = {}
        for name, instance in plan.instances.items():
            made[name] = self._parts(instance, keys)
            keys[name] = digest_of(made[name])
        if json.dumps(self.memory, sort_keys=True) != self._before:
            write_json(self.path, self.memory)
        return made

    def _parts(self, instance: Instance, keys: dict[str, str]) -> dict[str, Any]:
        def named(leaf: Any) -> Any:
            if isinstance(leaf, Bound):
                return f'@{keys[leaf.instance]}.{leaf.output}'
            return self.file_digest(leaf.path) if isinstance(leaf, Outside) else leaf

        path, config = instance.config(), None
        # Defaults count, so that a changed default changes the key.
        defaults = {f.name: f.default for f in fields(instance.type)
                    if f.name not in instance.settings and isinstance(f.default, (str, int, float, bool))}
        settings = {**defaults, **instance.settings}
        if path is not None:
            config = self.configs.load(path)
            settings = {key: value for key, value in settings.items() if value != Outside(path)}
        if instance.type.setting('config'):
            settings['gpus'] = instance.gpus  # of a training they multiply the batch
        parts = {f'setting {key}': plain(replaced(value, named)) for key, value in settings.items()}
        both = None if config is None else [config, plain(replaced(instance.settings, named))]
        parts['code'] = self.code.of(instance.type.__module__, dict(type='', both=both) if both else None)
        return parts | dict(stage=instance.name, type=instance.type.__name__, config=digest_of(config))

    def file_digest(self, path: Path) -> str:
        """sha256 of a file, remembered by size and time; of a folder its listing's, of a `.table` that of its files."""
        found = os.stat(path)
        if path.suffix == '.table' and path.is_dir():
            return digest_of([(p.name, self.file_digest(p)) for p in sorted(path.iterdir()) if p.is_file()])
        if path.is_dir():
            listing = [(str(p.relative_to(path)), p.stat().st_size) for p in sorted(path.rglob('*')) if p.is_file()]
            return digest_of(listing)
        stamp = [found.st_size, found.st_mtime_ns]
        known = self.memory['files'].get(str(path), {})
        if known.get('stamp') != stamp:
            with open(path, 'rb') as file:
                known = dict(stamp=stamp, sha256=hashlib.file_digest(file, 'sha256').hexdigest())
            self.memory['files'][str(path)] = known
        return known['sha256']
