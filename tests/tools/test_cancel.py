"""tools/cancel.py with a stand-in for Slurm; tests/slurm has the real one."""
import os

import pytest

from mmcomp.errors import DataError
from mmcomp.files import write_json


def test_what_is_about_is_ended_and_the_last_job_is_not(tool, tmp_path, monkeypatch, capsys):
    fakes = tmp_path / 'bin'
    fakes.mkdir()
    for name, body in (('squeue', 'printf "3|RUNNING|None\\n4_1|PENDING|Dependency\\n9|PENDING|Dependency\\n"'),
                       ('scancel', f'echo "$@" > {tmp_path}/ended')):
        (fakes / name).write_text(f'#!/bin/bash\n{body}\n')
        (fakes / name).chmod(0o755)
    monkeypatch.setenv('PATH', f'{fakes}:{os.environ["PATH"]}')
    write_json(tmp_path / 'slurm.json', dict(run=1, jobs={'a': '2', 'b': '3', 'c-1': '4_1'}, end='9'))
    tool('cancel').main([str(tmp_path)])
    assert (tmp_path / 'ended').read_text().split() == ['3', '4_1']
    assert capsys.readouterr().out == '2 of 3 stages were about and are ended\n'


def test_a_folder_without_jobs(tool, tmp_path):
    with pytest.raises(DataError, match='slurm.json.*Ctrl-C ends one on this host'):
        tool('cancel').main([str(tmp_path)])
