"""The console command and the way tools end."""
import errno
import io
import logging
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mmcomp import __version__, cli
from mmcomp.errors import ConfigError
from mmcomp.files import atomic_folder, atomic_open, atomic_path


@pytest.fixture()
def tools(tmp_path, monkeypatch):
    """A folder of two tools in place of the real one."""
    (tmp_path / 'make_soup.py').write_text(
        '"""Make soup.\n\nAt length."""\n\ndef main(argv=None):\n    print("soup of", *argv)\n    return 3\n')
    (tmp_path / 'broken.py').write_text('"""Never run to be listed."""\nimport nowhere_at_all\n')
    monkeypatch.setattr(cli, 'tools_folder', lambda: tmp_path)
    monkeypatch.setattr(sys, 'argv', ['mmcomp'])


def test_help_lists_verbs_without_running_tools(tools, capsys):
    assert cli.dispatch(['--help']) == 0
    out = capsys.readouterr().out
    assert '  broken     Never run to be listed.\n  make_soup  Make soup.\n' in out


def test_no_verb_shows_help_and_fails(tools, capsys):
    assert cli.dispatch([]) == 2
    assert 'make_soup' in capsys.readouterr().out


def test_version(capsys):
    assert cli.dispatch(['--version']) == 0
    assert capsys.readouterr().out == f'mmcomp {__version__}\n'


@pytest.mark.parametrize('verb', ['make_soup', 'make-soup'])
def test_a_verb_runs_its_tool(tools, capsys, verb):
    assert cli.dispatch([verb, 'a', '--b']) == 3
    assert capsys.readouterr().out == 'soup of a --b\n'
    assert sys.argv == ['mmcomp make_soup', 'a', '--b']


def test_unknown_verb_suggests_a_close_one(tools):
    with pytest.raises(ConfigError, match='Did you mean `make_soup`'):
        cli.dispatch(['make-soop'])


def test_every_real_verb_is_described():
    found = {verb: cli.summary(path) for verb, path in cli.verbs().items()}
    assert {'doctor', 'collect_env'} <= set(found)
    assert all(line.endswith('.') for line in found.values()), found


def fails_with(error):
    def main():
        raise error
    return main


@pytest.mark.parametrize(('main', 'status', 'line'), [
    (lambda: None, 0, ''),
    (lambda: 1, 1, ''),
    (lambda: {'accuracy': 1}, 0, ''),
    (fails_with(ConfigError('a.py: `x` must be\n  good.')), 2, 'error: a.py: `x` must be good.\n'),
    (fails_with(IsADirectoryError(errno.EISDIR, 'Is a directory', 'x.csv')), 2,
     'error: x.csv: it is a folder. Name a file (Is a directory).\n'),
    (fails_with(PermissionError(errno.EACCES, 'Permission denied', 'x')), 2,
     'error: x: it may not be read or written. Choose another place (Permission denied).\n'),
    (fails_with(KeyboardInterrupt()), 130, '\ninterrupted\n'),
    (fails_with(KeyboardInterrupt('go on there')), 130, '\ninterrupted: go on there\n'),
])
def test_how_a_tool_ends(main, status, line, capsys, monkeypatch):
    monkeypatch.setattr(cli.signal, 'signal', lambda *args: None)
    with pytest.raises(SystemExit) as end:
        cli.run(main)
    assert end.value.code == status and capsys.readouterr().err == line


@pytest.mark.parametrize('error', [OSError('image file is truncated'), OSError(errno.EACCES, 'Permission denied'),
                                   ConnectionRefusedError(errno.ECONNREFUSED, 'Connection refused', 'host')])
def test_what_is_no_fault_of_a_path_keeps_its_traceback(error):
    with pytest.raises(type(error)) as raised:
        cli.run(fails_with(error))
    assert raised.value is error


@pytest.mark.parametrize('write', [atomic_path, atomic_folder, lambda path: atomic_open(path, 'w')])
def test_a_file_that_cant_be_written_is_named_as_the_user_named_it(tmp_path, write):
    (tmp_path / 'file').touch()
    (tmp_path / 'folder.csv/in').mkdir(parents=True)
    for path, named in ((tmp_path / 'file/x.csv', tmp_path / 'file'), (Path('/proc/x.csv'), '/proc/x.csv'),
                        (tmp_path / f'{"x" * 300}.csv', tmp_path / f'{"x" * 300}.csv')):
        with pytest.raises(OSError) as raised:
            with write(path):
                raise AssertionError('it began')
        assert raised.value.filename == str(named) and raised.value.errno in cli.OF_FILES
    if write is not atomic_folder:
        with pytest.raises(IsADirectoryError) as raised, write(tmp_path / 'folder.csv'):
            pass
        assert raised.value.filename == str(tmp_path / 'folder.csv')
    with pytest.raises(OSError) as raised, write(tmp_path / 'y.csv'):
        raise OSError(errno.ENOSPC, 'No space left on device')
    assert raised.value.filename == str(tmp_path / 'y.csv') and not (tmp_path / 'y.csv').exists()


def test_ctrl_c_twice_ends_at_once(root):
    code = """
import atexit, os, signal, time
from mmcomp.cli import run
def main():
    atexit.register(lambda: (os.kill(os.getpid(), signal.SIGINT), time.sleep(60)))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(60)
run(main)
"""
    done = subprocess.run([sys.executable, '-c', code], cwd=root, capture_output=True, text=True, timeout=50)
    assert (done.returncode, done.stderr) == (-signal.SIGINT, '\ninterrupted\n')


def test_faults_of_the_code_keep_their_traceback():
    with pytest.raises(ZeroDivisionError):
        cli.run(fails_with(ZeroDivisionError()))


@pytest.mark.parametrize('write', [
    'print', '(logging.basicConfig(stream=sys.stdout, format="%(message)s"), logging.getLogger().warning)[1]'])
def test_a_reader_that_goes_away_is_no_error(root, write):
    code = f"import logging, sys; from mmcomp.cli import run; run(lambda: [{write}('x' * 999) for _ in range(9999)])"
    process = subprocess.Popen([sys.executable, '-c', code], cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.read(1)
    process.stdout.close()
    assert process.stderr.read() == b'' and process.wait(timeout=60) == 141
    process.stderr.close()


def test_other_faults_of_a_logger_are_told_as_ever(capsys):
    def main():
        logging.StreamHandler(io.StringIO()).emit(logging.makeLogRecord(dict(msg='%d', args=('x', ))))

    with pytest.raises(SystemExit):
        cli.run(main)
    assert '--- Logging error ---' in capsys.readouterr().err
    assert logging.Handler.handleError.__module__ == 'logging'
