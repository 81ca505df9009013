import pytest

from mmcomp.errors import DataError
from mmcomp.testing.fake_run import write_fake_run


def test_the_report_lies_in_the_work_folder_or_where_asked(tool, tmp_path, capsys):
    folder = write_fake_run(tmp_path / 'run', models=1, folds=2, train=40, test=20, images=False)
    tool('report').main([str(folder)])
    assert capsys.readouterr().out.strip() == f'report: {folder / "report.html"}'
    tool('report').main([str(folder), '--out', str(tmp_path / 'x.html')])
    assert (tmp_path / 'x.html').read_text() == (folder / 'report.html').read_text()


def test_another_folder_is_refused(tool, tmp_path):
    with pytest.raises(DataError):
        tool('report').main([str(tmp_path)])
