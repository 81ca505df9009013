from mmcomp.predictions import progress


def test_items_come_through_and_lines_tell_how_far(capsys, monkeypatch):
    clock = iter(range(0, 100, 4))
    monkeypatch.setattr(progress.time, 'monotonic', lambda: next(clock))
    assert list(progress.track('abcdefg', 'adding')) == list('abcdefg')
    first, *rest = capsys.readouterr().err.splitlines()
    # Four seconds an item: the first line comes after twelve, with five of seven items left.
    assert first == 'adding: 2/7, about 30 s left' and len(rest) == 1


def test_quick_loops_say_nothing(capsys):
    assert list(progress.track(range(1000), 'adding')) == list(progress.silent(range(1000), 'adding'))
    assert capsys.readouterr() == ('', '')
