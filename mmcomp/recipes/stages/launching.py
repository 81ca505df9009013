"""Stages on several GPUs: one process each."""
import subprocess
import sys
from collections.abc import Sequence

from mmcomp.cli import tools_folder
from mmcomp.errors import DataError
from mmcomp.recipes.stage import Site
from mmcomp.signals import STOPPED


def launch(site: Site, tool: str, words: Sequence[str]) -> None:
    """Run a tool on all GPUs of a stage: by ``srun`` in a job of Slurm, else by torchrun on this host.

    Raises:
        DataError: If it fails.
        SystemExit: With status 85 if it was asked to end and saved.
    """
    script, count = str(tools_folder() / tool), len(site.gpus)
    starter = ([sys.executable, '-m', 'mmcomp.agent', '--standalone', f'--nproc-per-node={count}', script]
               if site.launcher == 'pytorch' else ['srun', '--kill-on-bad-exit=1', sys.executable, '-u', script])
    status = subprocess.run([*starter, *words, '--launcher', site.launcher], check=False).returncode
    if status and (site.folder / 'PREEMPTED').exists():
        sys.exit(STOPPED)
    if status:
        raise DataError(f'{site.name}: {tool} on {count} GPUs ended with status {status}. Its output is above.')
