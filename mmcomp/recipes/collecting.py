"""After a run: its results in the ledger, submissions where people look first, the report.

``python -m mmcomp.recipes.collecting WORK_DIR RUN`` does it for stages that ran as jobs of a cluster.
"""
import shutil
import sys
from pathlib import Path

from mmcomp.files import atomic_path
from mmcomp.recipes.ledger import Ledger
from mmcomp.recipes.state import JOB, read_json
from mmcomp.recipes.status import Standing, read_status


def publish(work_dir: Path) -> list[Path]:
    """Copy finished submissions into the work folder: under their own name, or of several each by its stage."""
    made = [(s, output['name']) for s in read_status(work_dir)[1] if s.state == 'done'
            for output in (s.told.get('outputs') or {}).values() if output['kind'] == 'submission']
    written = []
    for standing, name in made:
        target = work_dir / (name if len(made) == 1 else f'{standing.name}.csv')
        with atomic_path(target) as temporary:
            shutil.copyfile(standing.folder / name, temporary)
        written.append(target)
    return written


def collect(work_dir: Path, run: int) -> bool:
    """Write down what the stages of a run left; whether all of them are done."""
    ledger, standings = Ledger(work_dir / 'ledger.db'), read_status(work_dir)[1]
    for standing in standings:
        told = _told(standing)
        if told and not (told['state'] == 'done' and ledger.knows(told['key'])):
            ledger.record(told, run)
    well = all(standing.state == 'done' for standing in standings)
    ledger.end(run, 'done' if well else 'failed')
    publish(work_dir)
    return well


def _told(standing: Standing) -> dict | None:
    """What a stage wrote of itself; of one that was cut off, what there is to say."""
    if standing.told.get('state') in (None, 'running'):
        job = read_json(standing.folder / JOB)
        return dict(job['record'], state='failed', reason='was cut off', started=standing.told['started']
                    ) if job and standing.told else None
    return standing.told


if __name__ == '__main__':
    folder = Path(sys.argv[1])
    all_well = collect(folder, int(sys.argv[2]))
    from mmcomp.recipes.report import write_report
    print(f'report: {write_report(folder)}')
    sys.exit(0 if all_well else 1)
