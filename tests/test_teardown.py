"""A rank leaves with its status and its exit handlers called, and without Python's teardown."""
import subprocess
import sys
import textwrap

import pytest

TOOL = """
    import atexit, sys
    from mmcomp.cli import run

    class Remains:
        def __del__(self):
            sys.__stderr__.write('torn down\\n')

    def main():
        global remains
        remains = Remains()
        from mmcomp.apis.launch import process_group
        atexit.register(print, 'handler')
        with process_group({launcher!r}):
            print('work')
        {end}

    run(main)
"""


@pytest.mark.parametrize(('end', 'status'), [('return 3', 3), ('return None', 0), ('raise SystemExit(85)', 85),
                                             ('raise KeyError("x")', 1)])
@pytest.mark.parametrize('launcher', ['pytorch', 'none'])
def test_how_a_process_leaves(launcher, end, status, monkeypatch):
    for name, value in dict(RANK=0, WORLD_SIZE=1, LOCAL_RANK=0, MASTER_ADDR='127.0.0.1', MASTER_PORT=0).items():
        monkeypatch.setenv(name, str(value))
    code = textwrap.dedent(TOOL.format(launcher=launcher, end=end))
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, timeout=120)
    assert done.returncode == status, done.stderr
    assert done.stdout == 'work\nhandler\n'
    assert ('torn down' in done.stderr) == (launcher == 'none')
    assert ('KeyError' in done.stderr) == ('KeyError' in end)
