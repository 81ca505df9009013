"""The history of a work folder in one SQLite file: runs, stages, settings, files, and what came from what."""
import json
import sqlite3
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from mmcomp.errors import DataError, fault

SCHEMA = """
create table if not exists runs (
    id integer primary key, started real, ended real, command text, recipe text, versions text, git text, state text);
create table if not exists results (
    key text primary key, stage text, type text, parts text, settings text, run integer references runs, state text,
    started real, seconds real, note text);
create table if not exists sources (
    key text references results, place text, source_key text, output text, file text, sha256 text);
create table if not exists files (
    key text references results, output text, kind text, name text, size integer, sha256 text);
create index if not exists files_by_sha256 on files (sha256);
create index if not exists sources_by_key on sources (key);
"""


class Ledger:
    """The ledger of a work folder; written by the runner alone.

    Args:
        path: ``ledger.db``; made if need be.
    """

    def __init__(self, path: Path):
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._open() as base:
            base.executescript(SCHEMA)

    def begin(self, command: str, recipe: str, versions: Mapping[str, str], git: str) -> int:
        """Write down a run; returns its number."""
        with self._open() as base:
            columns = (time.time(), command, recipe, json.dumps(versions), git, 'running')
            return base.execute('insert into runs (started, command, recipe, versions, git, state) '
                                'values (?,?,?,?,?,?)', columns).lastrowid

    def end(self, run: int, state: str) -> None:
        """Write down how a run ended."""
        with self._open() as base:
            base.execute('update runs set ended = ?, state = ? where id = ?', (time.time(), state, run))

    def record(self, state: Mapping[str, Any], run: int) -> None:
        """Write down what ``stage.json`` says."""
        key = state['key']
        with self._open() as base:
            base.execute('insert or replace into results values (?,?,?,?,?,?,?,?,?,?)',
                         (key, state['stage'], state['type'], json.dumps(state['parts']), json.dumps(state['settings']),
                          run, state['state'], state['started'], state.get('seconds'), state.get('note', '')))
            base.execute('delete from sources where key = ?', (key, ))
            base.execute('delete from files where key = ?', (key, ))
            base.executemany('insert into sources values (?,?,?,?,?,?)',
                             [(key, s['place'], s.get('key'), s.get('output'), s.get('file'), s.get('sha256'))
                              for s in state['sources']])
            base.executemany('insert into files values (?,?,?,?,?,?)',
                             [(key, name, output['kind'], f['name'], f['size'], f['sha256'])
                              for name, output in state.get('outputs', {}).items() for f in output['files']])

    def knows(self, key: str) -> bool:
        """Whether a finished result is in the ledger."""
        return bool(self.rows('select 1 from results where key = ? and state = ?', key, 'done'))

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        """Rows of a query as dicts."""
        with self._open() as base:
            base.row_factory = sqlite3.Row
            return [dict(row) for row in base.execute(query, values)]

    def result_of(self, sha256: str) -> dict[str, Any]:
        """The newest result that left a file with this content.

        Raises:
            DataError: If there is none.
        """
        found = self.rows('select r.*, f.output, f.name from files f join results r using (key) where f.sha256 = ? '
                          'order by r.started desc', sha256)
        if not found:
            raise DataError(fault(self.path, 'sha256', 'that of a file which a stage left', sha256,
                                  'It was made elsewhere, or changed since.'))
        return found[0]

    def trace(self, key: str, depth: int = 0, seen: set | None = None) -> list[tuple[int, dict[str, Any]]]:
        """What a result goes back to: ``(depth, result or file)``; each once."""
        seen = set() if seen is None else seen
        if key in seen:
            return []
        seen.add(key)
        result = self.rows('select * from results where key = ?', key)
        lines: list[tuple[int, dict[str, Any]]] = [(depth, row) for row in result]
        for source in self.rows('select * from sources where key = ? order by place', key):
            if source['source_key']:
                lines += self.trace(source['source_key'], depth + 1, seen)
            else:
                lines.append((depth + 1, source))
        return lines

    def _open(self):
        return _Transaction(self.path)


class _Transaction:
    """A connection that commits and closes at the end of a block."""

    def __init__(self, path: Path):
        self.base = sqlite3.connect(path, timeout=30)

    def __enter__(self) -> sqlite3.Connection:
        return self.base.__enter__()

    def __exit__(self, *error) -> None:
        with closing(self.base):
            self.base.__exit__(*error)
