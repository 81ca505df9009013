"""A submission made again from stored tables, to show that it is what they say."""
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmcomp.errors import DataError, fault
from mmcomp.recipes.instance import replaced
from mmcomp.recipes.keys import KeyMaker
from mmcomp.recipes.ledger import Ledger
from mmcomp.recipes.recipe import import_stages
from mmcomp.recipes.stage import STAGES, Output, Site
from mmcomp.recipes.state import JOB, STATE, read_json, sha256_of


@dataclass(frozen=True)
class Replay:
    """What came out: the file, whether it is the same byte for byte, and the stages run again."""
    path: Path
    same: bool
    stages: list[str]
    taken: list[str]


def replay(work_dir: Path, submission: Path | None = None, out: Path | None = None) -> Replay:
    """Make a submission again from the tables it was made of.

    Everything after the predictions (ensembles, re-distribution, pseudo labels,
    the submission itself) is computed anew in a scratch folder; predictions are
    taken as they are stored, after a look at their sha256.

    Args:
        work_dir: Of the recipe.
        submission: The file; by default the newest of the folder.
        out: Where the new one goes, if anywhere.

    Raises:
        DataError: If the file is not known to the ledger, or a stored file is
            missing or was changed.
    """
    ledger = Ledger(work_dir / 'ledger.db')
    path = submission or _newest(ledger, work_dir)
    wanted = sha256_of(path)
    result = ledger.result_of(wanted)
    with tempfile.TemporaryDirectory(prefix='replay-') as scratch:
        maker = _Maker(work_dir, ledger, Path(scratch))
        made = maker.make(result['key']) / result['name']
        same = sha256_of(made) == wanted
        if out is not None:
            out.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(made, out)
    return Replay(out or path, same, maker.made, maker.taken)


def _newest(ledger: Ledger, work_dir: Path) -> Path:
    rows = ledger.rows("select r.stage, r.key, f.name from results r join files f using (key) "
                       "where f.kind = 'submission' and r.state = 'done' order by r.started desc")
    if not rows:
        raise DataError(f'{work_dir}: its ledger knows no submission. Run a recipe with a Submit stage first.')
    return _folder(work_dir, rows[0]['stage'], rows[0]['key']) / rows[0]['name']


def _folder(work_dir: Path, stage: str, key: str) -> Path:
    return work_dir / 'stages' / stage / key[:8]


class _Maker:
    """Makes results anew where that needs no training, and takes the others as they are."""

    def __init__(self, work_dir: Path, ledger: Ledger, scratch: Path):
        self.work_dir, self.ledger, self.scratch = work_dir, ledger, scratch
        self.made: list[str] = []
        self.taken: list[str] = []
        self._folders: dict[str, Path] = {}

    def make(self, key: str) -> Path:
        """The folder of a result."""
        if key not in self._folders:
            self._folders[key] = self._make(key)
        return self._folders[key]

    def _make(self, key: str) -> Path:
        row = self.ledger.rows('select * from results where key = ?', key)[0]
        stored = _folder(self.work_dir, row['stage'], key)
        job = read_json(stored / JOB)
        import_stages(job.get('imports', []), stored)
        cls = STAGES.get(row['type'], row['stage'])
        if not cls.replayable:
            self._check(stored, row['stage'])
            self.taken.append(row['stage'])
            return stored
        sources = {s['place']: s for s in self.ledger.rows('select * from sources where key = ?', key)}
        settings = self._placed(job['settings'], sources)
        folder = self.scratch / row['stage']
        folder.mkdir()
        cls(**settings).run(Site(row['stage'], folder, key, (), job['teachers']))
        self.made.append(row['stage'])
        return folder

    def _placed(self, settings: Mapping, sources: Mapping[str, Mapping]) -> dict[str, Any]:
        """Settings with the paths of inputs as they are here and now."""
        def walk(value: Any, where: str) -> Any:
            if isinstance(value, Mapping):
                return {k: walk(v, f'{where}.{k}' if where else str(k)) for k, v in value.items()}
            if isinstance(value, list):
                return [walk(v, f'{where}.{at}') for at, v in enumerate(value)]
            source = sources.get(where)
            return value if source is None else self._path(source)
        return walk(replaced(settings, lambda leaf: leaf), '')

    def _path(self, source: Mapping) -> str:
        if source['source_key'] is None:
            path = Path(source['file'])
            if not path.exists() or KeyMaker(self.scratch).file_digest(path) != source['sha256']:
                raise DataError(f'{path}: it was changed since the submission was made. Put it back.')
            return source['file']
        folder = self.make(source['source_key'])
        row = self.ledger.rows('select stage from results where key = ?', source['source_key'])[0]
        stored = read_json(_folder(self.work_dir, row['stage'], source['source_key']) / STATE)
        return str(folder / Output(**{k: stored['outputs'][source['output']][k] for k in ('kind', 'name')}).name)

    def _check(self, folder: Path, stage: str) -> None:
        """Stored files are those that were written."""
        for output in read_json(folder / STATE).get('outputs', {}).values():
            for file in output['files']:
                path = folder / file['name']
                if not path.exists():
                    raise DataError(fault(stage, 'stored file', 'there', str(path), 'Run the recipe again.'))
                if sha256_of(path) != file['sha256']:
                    raise DataError(f'{path}: it is not what {stage} wrote. Run the recipe again.')


def describe(ledger: Ledger, key: str) -> list[str]:
    """What a result goes back to, as indented lines."""
    lines = []
    for depth, row in ledger.trace(key):
        if 'stage' in row:
            settings = json.loads(row['settings'])
            said = ', '.join(f'{k}={v}' for k, v in settings.items() if not str(v).startswith(('@', '[', '{')))
            lines.append(f'{"  " * depth}{row["stage"]} ({row["type"]}, {row["key"]}) {said}')
        else:
            lines.append(f'{"  " * depth}{row["file"]} (sha256 {row["sha256"][:16]})')
    return lines
