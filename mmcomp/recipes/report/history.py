"""Stages with their states, runs with their commands, versions: where the results come from."""
import json
import shlex
import sqlite3
from collections import Counter
from typing import Any

from mmcomp.recipes.ledger import Ledger
from mmcomp.recipes.report.work import BROKEN, Item, Work, axes_text
from mmcomp.recipes.state import LOG
from mmcomp.recipes.views import last_lines

LINES, WIDTH, SETTINGS = 12, 400, 2000


def stages(work: Work) -> list[dict[str, Any]]:
    """Stages with their instances, in the order of the plan; ``needs`` are stages too."""
    found: dict[str, dict[str, Any]] = {}
    for item in work.items.values():
        stage = found.setdefault(item.base, dict(name=item.base, type=item.type, needs=[], instances=[],
                                                 settings=_settings(item)))
        stage['needs'] += [base for need in item.needs if need in work.items
                           and (base := work.items[need].base) not in (*stage['needs'], item.base)]
        stage['instances'].append(_instance(item))
    return list(found.values())


def _settings(item: Item) -> str:
    text = json.dumps(item.settings, indent=1, ensure_ascii=False, default=str)
    return text if len(text) <= SETTINGS else f'{text[:SETTINGS]} …'


def _instance(item: Item) -> dict[str, Any]:
    record = item.record
    files = [dict(name=f.get('name', ''), size=f.get('size', 0), sha256=f.get('sha256', ''))
             for output in record.get('outputs', {}).values() for f in output.get('files', [])]
    return dict(name=item.name, axes=axes_text(item.axes), state=item.state, seconds=record.get('seconds'),
                started=record.get('started'), key=item.key, config=record.get('parts', {}).get('config', ''),
                code=record.get('parts', {}).get('code', ''), note=record.get('note', ''),
                reason=record.get('reason', ''), files=list({f['name']: f for f in files}.values())[:6])


def failures(work: Work) -> list[dict[str, Any]]:
    """Stages that did not end well, with the end of their logs and how to retry them alone."""
    found = []
    for item in work.items.values():
        if item.state in BROKEN and item.state != 'blocked':
            waiting = [other.name for other in work.items.values() if other.state == 'blocked'
                       and item in work.ancestors(other)]
            found.append(dict(
                name=item.name, state=item.state, reason=item.record.get('reason', ''), waiting=waiting,
                lines=[line[:WIDTH] for line in last_lines(item.folder / LOG, LINES)],
                log=str((item.folder / LOG).relative_to(work.path)),
                command=f'{work.retry} --only {shlex.quote(item.name)}'))
    return found


def runs(work: Work) -> list[dict[str, Any]]:
    """The runs of the ledger, the newest first: command, times, state, versions, git."""
    if not (work.path / 'ledger.db').is_file():
        return []
    try:
        rows = Ledger(work.path / 'ledger.db').rows('select * from runs order by id desc')
    except sqlite3.Error as error:
        work.note(f'ledger.db: {error}')
        return []
    return [dict(row, versions=json.loads(row['versions'] or '{}')) for row in rows]


def versions(work: Work) -> list[tuple[str, str]]:
    """Versions that the stages ran with; where they differ, how many ran with each."""
    seen: dict[str, Counter] = {}
    for item in work.items.values():
        for name, version in item.record.get('versions', {}).items():
            seen.setdefault(name, Counter())[version] += 1
    return [(name, ', '.join(f'{version} ({count} stages)' if len(counts) > 1 else version
                             for version, count in counts.most_common())) for name, counts in seen.items()]
