from mmcomp.apis import doctor


def test_status_tells_whether_something_is_wrong(tool, capsys, monkeypatch):
    monkeypatch.setattr(doctor, 'problems', lambda: [])
    assert tool('doctor').main([]) == 0
    out = capsys.readouterr().out
    assert 'onedl-mmpretrain' in out and 'No problem found.' in out and 'Could not import' not in out
    monkeypatch.setattr(doctor, 'problems', lambda: ['`mmcls` must go.'])
    assert tool('doctor').main(['--quiet']) == 1
    assert capsys.readouterr().out == 'problem: `mmcls` must go.\n'
