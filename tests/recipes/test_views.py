import io
import time
from types import SimpleNamespace

import pytest
from rich.console import Console

from mmcomp.recipes.views import LiveView, duration, last_lines, line_of, progress_of, tree


def task(name, state='waiting', base=None, **more):
    told = SimpleNamespace(progress=lambda: more.pop('progress', {}))
    facts = dict(note='', reason='', seconds=None, started=time.time() - 50, gpus=(), earlier=False,
                 folder=told, score='')
    return SimpleNamespace(name=name, state=state, instance=SimpleNamespace(base=base or name), **{**facts, **more})


def drawn(*tasks, **kwargs):
    console = Console(file=io.StringIO(), width=100)
    console.print(tree('Title', tasks, **kwargs))
    return console.file.getvalue()


@pytest.mark.parametrize(('seconds', 'said'), [(None, ''), (48.4, '48 s'), (720, '12 min'), (11100, '3 h 05')])
def test_durations(seconds, said):
    assert duration(seconds) == said


def test_time_left_follows_the_share_that_is_done():
    running = task('a', 'running', progress=dict(done=1, total=5, what='epoch 1 of 5'))
    assert progress_of(running) == 'epoch 1 of 5, 200 s left'.replace('200 s', '3 min')
    assert progress_of(task('a', 'running')) == ''


def test_a_tree_folds_what_is_alike_and_shows_what_is_not():
    said = drawn(task('data', 'done', note='9 rows', seconds=3.), *(task(f'fold{i}', 'done', 'fold') for i in range(5)),
                 task('soup0', 'running', 'soup'), task('soup1', 'failed', 'soup', reason='no luck'))
    assert 'Title: 6 of 8 done' in said and '✓ data  9 rows  3 s' in said and '✓ fold  5 done' in said
    assert '▶ soup0' in said and '✗ soup1  failed  no luck' in said


def test_the_newest_score_heads_the_tree():
    said = drawn(task('early', 'done', score='61.0 % right'), task('later', 'done', score='66.7 % right'),
                 task('again', score='70.0 % right'))
    assert 'Title: 2 of 3 done, 66.7 % right (later)' in said


def test_a_tree_fits_the_screen():
    tasks = [task(f'stage{i}') for i in range(60)] + [task('busy', 'running')]
    said = drawn(*tasks, height=20)
    assert len(said.splitlines()) <= 22 and '▶ busy' in said and 'more' in said


def test_names_are_not_markup():
    assert line_of(task('a', 'failed', reason='[red]x')) == '✗ a  failed  [red]x'
    assert '[red]x' in drawn(task('a', 'failed', reason='[red]x'))


def test_the_live_view_prints_failures_above_the_tree(tmp_path):
    out, failed = io.StringIO(), task('bad', 'failed', reason='no luck')
    (tmp_path / 'log.txt').write_text('one\ntwo\n')
    runner = SimpleNamespace(tasks={'bad': failed}, recipe=SimpleNamespace(title='T'),
                             log_of=lambda task: tmp_path / 'log.txt')
    with LiveView('mmcomp run R', out) as view:
        view.event(failed, runner)
    said = out.getvalue()
    assert 'two' in said and 'mmcomp run R --only bad' in said


def test_last_lines(tmp_path):
    (tmp_path / 'log').write_text('\n'.join(map(str, range(9000))))
    assert last_lines(tmp_path / 'log', 2) == ['8998', '8999'] and last_lines(tmp_path / 'none') == []
