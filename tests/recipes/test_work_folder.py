import sys

import pytest

from mmcomp.recipes.work_folder import WorkFolder


@pytest.fixture()
def work(tmp_path):
    lines = []
    folder = WorkFolder(tmp_path / 'work', lines.append)
    folder.lines = lines
    return folder


def run(work, source, settings=0, fails=False):
    """A step that copies a file; whether it ran."""
    out, before = work / 'copy/out.txt', len(work.made)

    def make():
        out.parent.mkdir(exist_ok=True)
        (work / 'copy/half').touch()
        if fails:
            raise KeyboardInterrupt
        out.write_text(source.read_text())
        return 'copied'

    work.step('copy', make, [out], [source], settings, folder=work / 'copy')
    return len(work.made) > before


def test_a_step_runs_again_only_when_something_it_depends_on_changed(work, tmp_path):
    source = tmp_path / 'in.txt'
    source.write_text('a')
    assert run(work, source) and not run(work, source)
    source.touch()
    assert not run(work, source), 'the content counts, not the date'
    assert run(work, source, settings=1) and not run(work, source, settings=1)
    source.write_text('b')
    assert run(work, source, settings=1)
    (work / 'copy/out.txt').unlink()
    assert run(work, source, settings=1) and (work / 'copy/out.txt').read_text() == 'b'
    assert work.lines[1].endswith('(done before)') and 'copied' in work.lines[1]


def test_a_killed_step_keeps_its_folder_and_a_changed_one_does_not(work, tmp_path):
    source = tmp_path / 'in.txt'
    source.write_text('a')
    with pytest.raises(KeyboardInterrupt):
        run(work, source, fails=True)
    marker = work / 'copy/left by the killed run'
    marker.touch()
    assert run(work, source) and marker.exists()
    assert run(work, source, settings=1) and not marker.exists()


def test_what_libraries_print_stays_off_the_screen(work, capsys):
    with work.quiet():
        print('to stdout')
        print('to stderr', file=sys.stderr)
    assert capsys.readouterr() == ('', '')
    assert (work / 'console.txt').read_text() == 'to stdout\nto stderr\n'
