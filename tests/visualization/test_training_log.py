import json

import pytest

from mmcomp.errors import DataError
from mmcomp.visualization.training_log import choose_keys, is_small_good, read_log


def write(path, *rows, torn=''):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('\n'.join(map(json.dumps, rows)) + '\n' + torn)


def train(iteration, loss, time=.5):
    return dict(loss=loss, lr=.1, base_lr=.1, time=time, data_time=.1, memory=9, epoch=1, iter=iteration,
                step=iteration)


def test_validation_is_placed_at_the_iteration_it_followed(tmp_path):
    write(tmp_path / 'scalars.json', train(50, 2.), train(100, 1.), {'accuracy/top1': 60., 'step': 1},
          train(150, 1.5), {'accuracy/top1': 55., 'step': 2})
    log = read_log(tmp_path / 'scalars.json')
    assert log.points['accuracy/top1'] == [(100, 60.), (150, 55.)]
    assert log.best('accuracy/top1') == (100, 60.) and log.last('accuracy/top1') == 55.
    assert log.best('loss') == (100, 1.) and log.last('loss') == 1.5
    assert (log.iterations, log.seconds) == (150, 75.)


def test_a_resumed_run_is_one_run(tmp_path):
    write(tmp_path / '20260101_000000/vis_data/scalars.json', train(50, 3.), train(100, 9.), train(150, 9.))
    write(tmp_path / '20260102_000000/vis_data/scalars.json', train(100, 2., time=1.), train(150, 1., time=1.))
    log = read_log(tmp_path)
    assert log.points['loss'] == [(50, 3.), (100, 2.), (150, 1.)]
    assert log.seconds == 50 * .5 + 100 * 1.


def test_runs_of_one_second_share_a_file(tmp_path):
    write(tmp_path / 'scalars.json', train(2, 3.), train(4, 9.), train(2, 3.), train(4, 2.),
          {'accuracy/top1': 5., 'step': 1}, train(6, 1.))
    log = read_log(tmp_path / 'scalars.json')
    assert log.points['loss'] == [(2, 3.), (4, 2.), (6, 1.)] and log.points['accuracy/top1'] == [(4, 5.)]


def test_a_torn_last_line_is_passed_over_but_no_other(tmp_path):
    write(tmp_path / 'scalars.json', train(50, 3.), torn='{"loss": 2.0, "it')
    assert read_log(tmp_path).points['loss'] == [(50, 3.)]
    (tmp_path / 'scalars.json').write_text('{"loss": 2.0, "it\n{"loss": 1.0}\n')
    with pytest.raises(DataError, match='line 1: not JSON'):
        read_log(tmp_path)


def test_keys(tmp_path):
    write(tmp_path / 'scalars.json', train(50, 3.), {'accuracy/top1': 1., 'step': 1})
    logs = [read_log(tmp_path)]
    assert choose_keys(logs) == ['accuracy/top1', 'loss']
    assert choose_keys(logs, ['lr']) == ['lr']
    with pytest.raises(DataError, match='no run logged `accuracy/top`. Did you mean `accuracy/top1`'):
        choose_keys(logs, ['accuracy/top'])
    assert is_small_good('val/Loss_cls') and not is_small_good('accuracy/top1')


def test_a_folder_without_a_log_is_refused(tmp_path):
    with pytest.raises(DataError, match='a scalars.json or a work folder'):
        read_log(tmp_path)


def test_a_validation_made_up_for_after_a_resume_has_its_place(tmp_path):
    def val(step, accuracy):
        return {'accuracy/top1': accuracy, 'step': step}
    first = [dict(train(at, 9.), epoch=epoch) for at, epoch in ((4, 1), (8, 1), (12, 2), (16, 2))]
    write(tmp_path / '20260101_000000/vis_data/scalars.json', *first[:2], val(1, 50.), *first[2:])
    write(tmp_path / '20260102_000000/vis_data/scalars.json', val(2, 70.), dict(train(20, 1.), epoch=3), val(3, 80.))
    points = read_log(tmp_path).points
    assert points['accuracy/top1'] == [(8, 50.), (16, 70.), (20, 80.)]
    assert points['loss'] == [(4, 9.), (8, 9.), (12, 9.), (16, 9.), (20, 1.)]
