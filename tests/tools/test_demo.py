import pytest


@pytest.fixture(scope='module')
def stopped(tool, tmp_path_factory):
    """The work folder of a demo that was stopped in its fourth training."""
    from mmcomp.apis import training
    folder, train, calls = tmp_path_factory.mktemp('demo'), training.train, []

    def dying(cfg, **options):
        calls.append(options['work_dir'])
        if len(calls) == 4:
            raise KeyboardInterrupt
        return train(cfg, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, 'train', dying)
        with pytest.raises(KeyboardInterrupt):
            tool('demo').main(['--quick', '--work-dir', str(folder)])
    return folder, [call.rpartition('/')[2] for call in calls]


@pytest.fixture()
def trainings(monkeypatch):
    """Names of the models that a test trains."""
    from mmcomp.apis import training
    train, names = training.train, []

    def counted(cfg, **options):
        names.append(options['work_dir'].rpartition('/')[2])
        return train(cfg, **options)

    monkeypatch.setattr(training, 'train', counted)
    return names


def test_a_stopped_demo_goes_on_and_a_finished_one_is_used_again(stopped, trainings, tool, capsys):
    folder, before = stopped
    tool('demo').main(['--quick', '--work-dir', str(folder)])
    assert before[:3] == ['mae', 'swin-noisy', 'fold0'] and before[3:] == trainings[:1]
    assert len(before) + len(trainings) == 7 + 1, 'seven trainings in all, the stopped one begun twice'
    for name in ('submission.csv', 'ladder.md', 'road.png', 'lists/clean.csv', 'tables/final.pkl'):
        assert (folder / name).stat().st_size > 0
    submission = (folder / 'submission.csv').read_text().splitlines()
    assert submission[0] == 'filename,class' and len(submission) == 121
    table = (folder / 'ladder.md').read_text()
    assert table.count(' ± ') == 2 * 7 - 1

    trainings.clear()
    written = (folder / 'submission.csv').stat().st_mtime_ns
    capsys.readouterr()
    tool('demo').main(['--quick', '--work-dir', str(folder)])
    said = capsys.readouterr().out
    assert not trainings and said.count('(done before)') >= 20
    assert (folder / 'submission.csv').stat().st_mtime_ns == written
    assert 'INFO' not in said, 'the log stays off the screen'
    assert (folder / 'ladder.md').read_text() == table


def test_data_only(tool, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    tool('demo').main(['--data-only', '--quick'])
    assert {p.name for p in (tmp_path / 'data/digits').iterdir()} >= {'train', 'test', 'meta', 'truth'}
    assert '120 test' in capsys.readouterr().out
