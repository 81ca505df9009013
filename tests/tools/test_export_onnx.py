"""The command's words and what it leaves; the numbers are tested with `mmcomp.apis.onnx_export`."""
import pytest

from mmcomp.errors import ConfigError


def test_a_failed_check_leaves_what_was_there(tool, toy_run, tmp_path, capsys):
    for name in ('onnx', 'onnxscript', 'onnxruntime'):
        pytest.importorskip(name, reason=f'{name} is not installed, so no file is exported')
    config, out = str(toy_run[0]), tmp_path / 'x.onnx'
    command = [config, str(toy_run[1] / 'epoch_2.pth'), '--out', str(out)]
    out.write_text('older')
    assert tool('export_onnx').main([*command, '--tolerance', '1e-30']) == 1
    assert 'no file was written' in capsys.readouterr().out
    assert out.read_text() == 'older' and list(tmp_path.iterdir()) == [out]
    assert tool('export_onnx').main(command) == 0
    said = capsys.readouterr().out
    assert 'takes image (batch, 1, 32, 32)' in said and 'gives logits (batch, 2), scores (batch, 2)' in said
    assert 'tolerance 0.001: holds' in said and 'onnxruntime 0.' in said and out.stat().st_size > 1000
    with pytest.raises(ConfigError, match='--out'):
        tool('export_onnx').main([*command[:3], str(tmp_path / 'x.pth')])


def test_words(tool):
    args = tool('export_onnx').parse_args(['x.py', 'x.pth', '--out', 'x.onnx', '--part', 'vision'])
    assert (args.part, args.tolerance, args.half, args.keep) == ('vision', None, False, False)
    with pytest.raises(SystemExit):
        tool('export_onnx').parse_args(['x.py', 'x.pth', '--out', 'x.onnx', '--part', 'ears'])
