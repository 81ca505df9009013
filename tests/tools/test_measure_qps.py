import json

import pytest


@pytest.fixture
def few(toy_run):
    config, work = toy_run
    return [str(config), str(work / 'epoch_2.pth'), '--batch-size', '4', '--batches', '3', '--warm-up', '1']


def test_a_minimum_is_reached_or_missed(tool, few, tmp_path, capsys):
    measured = tool('measure_qps')
    assert measured.main([*few, '--min-qps', '1e-9', '--out', str(tmp_path / 'qps.json')]) == 0
    out, figures = capsys.readouterr().out, json.loads((tmp_path / 'qps.json').read_text())
    assert '3 batches of 4; ' in out and 'the test set of 32' in out and 'pass: ' in out
    assert figures['reached'] and figures['min_qps'] == 1e-9 and figures['queries_per_second'] > 0
    # Waiting takes no time away from the model.
    assert figures['model_queries_per_second'] >= figures['queries_per_second']
    assert all(of['p95'] >= of['p50'] >= 0 for of in figures['latency_ms'].values())
    assert measured.main([*few, '--min-qps', '1e12']) == 1
    assert 'FAIL: ' in capsys.readouterr().out
    assert measured.main(few) == 0 and 'pass' not in capsys.readouterr().out


def test_two_models_with_views(tool, few, capsys):
    config, checkpoint = few[:2]
    assert tool('measure_qps').main([*few, '--also', config, checkpoint, '--tta', '--amp', '--device', 'cpu']) == 0
    assert 'CPU, ' in capsys.readouterr().out
