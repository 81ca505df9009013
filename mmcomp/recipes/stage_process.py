"""A stage in a process of its own."""
import json
import multiprocessing
import os
import signal
import sys
import threading
import time
import traceback
from multiprocessing.connection import wait
from pathlib import Path

from mmcomp.errors import MMCompError
from mmcomp.files import write_json
from mmcomp.recipes.recipe import import_stages
from mmcomp.recipes.stage import STAGES, Output, Site
from mmcomp.recipes.state import JOB, LOG, PROGRESS, STATE, ProgressFile, StageFolder, describe_outputs
from mmcomp.signals import STOPPED, keep_status

FAILED = 1


def run_job(folder: str, leads_group: bool = True) -> None:
    """Run the stage that ``job.json`` of a folder describes; ends the process with its status.

    What it prints goes to ``log.txt``. It leads a process group of its own, so
    that Ctrl-C reaches the runner alone, and leaves with its group when the
    runner dies.

    Args:
        folder: The stage's.
        leads_group: False for a job of a cluster, which looks after its processes itself.
    """
    path = Path(folder)
    job = json.loads((path / JOB).read_text(encoding='utf-8'))
    if leads_group and hasattr(os, 'setsid'):
        os.setsid()
    _print_into(path / LOG)
    _leave_with_the_runner()
    print(f'--- {time.strftime("%Y-%m-%d %H:%M:%S")} {job["stage"]} ({job["type"]}, {job["key"]})', flush=True)
    status = _run(path, job)
    keep_status()
    sys.exit(status)


def _run(path: Path, job: dict) -> int:
    stage_folder = StageFolder(path, job['key'])
    outputs = {name: Output(*said) for name, said in job['outputs'].items()}
    record = dict(job['record'], state='running', started=time.time(), pid=os.getpid())
    try:
        with stage_folder.lock():
            (path / PROGRESS).unlink(missing_ok=True)
            write_json(path / STATE, record)
            import_stages(job['imports'], job['stage'])
            _use_devices(job)
            stage = STAGES.get(job['type'], job['stage'])(**job['settings'])
            site = Site(job['stage'], path, job['key'], job['gpus'], job['teachers'], ProgressFile(path / PROGRESS),
                        launcher=job.get('launcher', 'pytorch'))
            note = stage.run(site) or ''
            _require(path, outputs)
            record |= dict(state='done', note=note, **site.told, seconds=round(time.time() - record['started'], 2),
                           outputs=describe_outputs(path, outputs))
            write_json(path / STATE, record)
    except SystemExit as end:
        return _failed(path, record, 'stopped' if end.code == STOPPED else 'failed', str(end), STOPPED)
    except MMCompError as error:
        print(f'error: {error}', flush=True)
        return _failed(path, record, 'failed', str(error), FAILED)
    except Exception as error:  # whatever a stage raises is its failure, not the runner's
        traceback.print_exc()
        return _failed(path, record, 'failed', f'{type(error).__name__}: {error}', FAILED)
    return 0


def _require(path: Path, outputs: dict[str, Output]) -> None:
    missing = [output.name for output in outputs.values() if not (path / output.name).exists()]
    if missing:
        raise MMCompError(f'{path.parent.name}: it ended without leaving {", ".join(missing)}. '
                          'Let it write there, or declare other outputs.')


def _failed(path: Path, record: dict, state: str, reason: str, status: int) -> int:
    sys.stdout.flush()
    write_json(path / STATE, dict(record, state=state, reason=reason,
                                  seconds=round(time.time() - record['started'], 2)))
    return status


def _print_into(log: Path) -> None:
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    sys.stdout.flush()
    sys.stderr.flush()
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    sys.stdout = open(1, 'w', encoding='utf-8', buffering=1, closefd=False)
    sys.stderr = open(2, 'w', encoding='utf-8', buffering=1, closefd=False)


def _leave_with_the_runner() -> None:
    """The whole group ends when the runner is gone; a stage without one could meet its successor."""
    parent = multiprocessing.parent_process()
    if parent is None or not hasattr(os, 'killpg'):
        return

    def watch() -> None:
        wait([parent.sentinel])
        os.killpg(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()


def _use_devices(job: dict) -> None:
    """The GPUs given to the stage, or none; and its share of the cores."""
    # In a job of Slurm, that has said which.
    if not job['gpus'] or job.get('launcher') != 'slurm':
        os.environ['CUDA_VISIBLE_DEVICES'] = ','.join(map(str, job['gpus'])) if job['gpus'] else '-1'
    if job['uses_torch']:
        import torch
        torch.set_num_threads(job['threads'])
