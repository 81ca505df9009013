"""The command's words; what it does is tested with `mmcomp.apis.feature_extraction`."""
import pytest

from mmcomp.errors import ConfigError


def test_words(tool, tmp_path):
    args = tool('extract_features').parse_args(['x.py', '--out', 'x.zip', '--ann', 'a.json', 'b.json'])
    assert args.ann == ['a.json', 'b.json'] and args.dtype == 'float16' and args.precision is None
    with pytest.raises(SystemExit):
        tool('extract_features').parse_args(['x.py', '--out', 'x.zip', '--frame-zips', 'a', '--frame-folder', 'b'])
    with pytest.raises(ConfigError):
        tool('extract_features').main([str(tmp_path / 'none.py'), '--out', 'x.zip'])
