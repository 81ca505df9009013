"""What code a stage runs, as a hash: its module, all of mmcomp that this imports, and the components its config names.

Sources are read, not imported. Comments, docstrings and layout do not count,
so that explaining a model better trains nothing anew.
"""
import ast
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

import mmcomp

PACKAGE = Path(mmcomp.__file__).resolve().parent
# Says how things look or are driven, and nothing of what comes out.
BESIDE = ('errors', 'cli', 'visualization', 'recipes.stage', 'agent')


class CodeDigests:
    """Hashes of code, remembered by file size and time.

    Args:
        memory: Digests and imports by file, as :meth:`remembered` gave them; changed in place.
    """

    def __init__(self, memory: dict | None = None):
        self.memory = {} if memory is None else memory
        self._homes: dict[str, str] | None = None

    def of(self, module: str, config: Mapping | None = None) -> str:
        """The digest of a module of mmcomp, and of the components that a config names by ``type``."""
        if not module.startswith('mmcomp.'):
            return 'outside'
        homes = self._components() if config else {}
        named = {homes[name] for name in type_names(config) if name in homes} if config else set()
        digest = hashlib.sha256()
        for path in sorted(self._closure({module.removeprefix('mmcomp.'), *named})):
            digest.update(f'{path}:{self._look(PACKAGE / path)["digest"]}\n'.encode())
        return digest.hexdigest()[:16]

    def _closure(self, modules: Iterable[str]) -> set[str]:
        found, waiting = set(), list(modules)
        while waiting:
            path = _file_of(waiting.pop())
            if path and path not in found:
                found.add(path)
                waiting += self._look(PACKAGE / path)['imports']
        return found

    def _components(self) -> dict[str, str]:
        """Modules by the class names they register."""
        if self._homes is None:
            self._homes = {}
            for folder in ('datasets', 'engine', 'evaluation', 'models', 'competitions'):
                for path in sorted((PACKAGE / folder).rglob('*.py')):
                    module = '.'.join(path.relative_to(PACKAGE).with_suffix('').parts)
                    self._homes.update(dict.fromkeys(self._look(path)['registers'], module))
        return self._homes

    def _look(self, path: Path) -> dict:
        """Digest, imports and registered names of a file."""
        found = os.stat(path)
        stamp = [found.st_size, found.st_mtime_ns]
        name = str(path)
        if self.memory.get(name, {}).get('stamp') != stamp:
            tree = ast.parse(path.read_text(encoding='utf-8'))
            registers = [node.name for node in tree.body if isinstance(node, (ast.ClassDef, ast.FunctionDef))
                         and any('register_module' in ast.dump(d) for d in node.decorator_list)]
            imports = sorted(set(_imports(tree, path)))
            digest = hashlib.sha256(ast.dump(_without_docstrings(tree)).encode()).hexdigest()[:16]
            self.memory[name] = dict(stamp=stamp, digest=digest, imports=imports, registers=registers)
        return self.memory[name]


def type_names(value: object) -> Iterator[str]:
    """Every ``type`` in a nested config."""
    if isinstance(value, Mapping):
        if isinstance(value.get('type'), str):
            yield value['type'].rpartition('.')[2]
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from type_names(item)


def _imports(tree: ast.AST, path: Path) -> Iterator[str]:
    """Modules of mmcomp that a source imports, also inside functions; not whole packages."""
    here = path.relative_to(PACKAGE).parts[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            start = '.'.join(('mmcomp', *here[:len(here) - node.level + 1])) if node.level else ''
            module = '.'.join(filter(None, (start, node.module)))
            names = [f'{module}.{alias.name}' for alias in node.names]
        else:
            continue
        yield from (name.removeprefix('mmcomp.') for name in names
                    if name.startswith('mmcomp.') and not name.removeprefix('mmcomp.').startswith(BESIDE))


@cache
def _file_of(name: str) -> str | None:
    """The file of ``package.module.member``, of a package the module that defines the member."""
    parts = name.split('.')
    for length in range(len(parts), 0, -1):
        path = Path(*parts[:length])
        if (PACKAGE / path).with_suffix('.py').is_file():
            return str(path.with_suffix('.py'))
        if (PACKAGE / path / '__init__.py').is_file():
            return _in_package(path, parts[length:]) if length < len(parts) else str(path / '__init__.py')
    return None


def _in_package(folder: Path, member: list[str]) -> str:
    """A package's ``__init__`` would bring in all of it; only the module of the member counts."""
    tree = ast.parse((PACKAGE / folder / '__init__.py').read_text(encoding='utf-8'))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and any((a.asname or a.name) == member[0] for a in node.names):
            module = node.module or member[0]
            name = '.'.join((*folder.parts, module)) if node.level else module.removeprefix('mmcomp.')
            return _file_of(name) or str(folder / '__init__.py')
    return str(folder / '__init__.py')


def _without_docstrings(tree: ast.AST) -> ast.AST:
    for node in ast.walk(tree):
        body = getattr(node, 'body', None)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node) is not None:
            node.body = body[1:]
    return tree


def digest_of(value: object) -> str:
    """A hash of plain JSON values."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
