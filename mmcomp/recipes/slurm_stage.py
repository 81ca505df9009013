"""A stage as a job of Slurm: ``python -m mmcomp.recipes.slurm_stage LISTING``.

The listing is a JSON file with the folders of an array's tasks by their
numbers; the folder of a lone job is its only one.
"""
import json
import os
import sys
from pathlib import Path

from mmcomp.recipes.stage_process import run_job
from mmcomp.signals import leave_when_told


def main(listing: str) -> None:
    """Run the stage that this task of the array is; ends the process with its status."""
    folders = json.loads(Path(listing).read_text(encoding='utf-8'))
    folder = folders[os.environ['SLURM_ARRAY_TASK_ID']] if len(folders) > 1 else next(iter(folders.values()))
    leave_when_told()
    run_job(folder, leads_group=False)


if __name__ == '__main__':
    main(sys.argv[1])
