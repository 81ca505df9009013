import json

import numpy as np
import pytest

from mmcomp.annotations import write_list
from mmcomp.errors import TableError
from mmcomp.predictions.ensembles.member_weights import (
    accuracy_weights,
    check_weights,
    member_accuracies,
    read_weights,
    second_share,
)
from mmcomp.predictions.tables import write_table
from mmcomp.structures import PredictionTable

PUBLISHED = [7620, 7500, 7460, 7418, 7450, 7400, 7570, 7410, 7510, 7560, 7473, 7471, 7405, 7550, 7460, 7510, 7520]
FACTORS = [2.080086, 1.398745, 1.223708, 1.062619, 1.183352, 1.0, 1.764428, 1.034337, 1.446124, 1.707072, 1.278149,
           1.269625, 1.017029, 1.651508, 1.223708, 1.446124, 1.495040]


def table(**origin):
    return PredictionTable(['a'], np.ones((1, 1), np.float32), origin=origin)


def test_factors_of_the_published_run():
    weights = accuracy_weights(PUBLISHED, 25)
    assert weights * 17 == pytest.approx(FACTORS, abs=1e-6)
    # The unit of the accuracies cancels.
    assert accuracy_weights(np.array(PUBLISHED) / 1e4, 25) == pytest.approx(weights)


def test_power_zero_is_the_mean():
    assert accuracy_weights([1., 2., 5.], 0).tolist() == [1 / 3] * 3


def test_file_names_give_accuracies_only_where_they_end_in_one(tmp_path):
    names = ['a.b/swin-l-7510.pkl', 'vit-l-0.7620.pkl', 'x-75.5.pkl']
    for name in [*names, 'swin-l-384.pkl', 'swin-7510-ema.pkl']:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b'\x80\x04].')
    for name, accuracy in zip(names, [7510, .762, 75.5], strict=True):
        found, source = member_accuracies([tmp_path / name])
        assert found.tolist() == [accuracy] and source == 'file name'
    for name in ['swin-l-384.pkl', 'swin-7510-ema.pkl']:
        with pytest.raises(TableError, match='no recorded score'):
            member_accuracies([tmp_path / name])


def test_command_line_beats_records_and_leaderboard_beats_validation(tmp_path):
    write_table(table(leaderboard_score=.7, val_score=.9), tmp_path / 'a-7510.pkl')
    write_table(table(leaderboard_score=.8), tmp_path / 'b.pkl')
    members = [tmp_path / 'a-7510.pkl', tmp_path / 'b.pkl']
    assert member_accuracies(members)[0].tolist() == [.7, .8]
    assert member_accuracies(members, [75., 76.]) [0].tolist() == [75., 76.]
    assert member_accuracies([table(val_score=.5)])[1] == 'recorded val_score'


@pytest.mark.parametrize('origins, words', [
    ([{'leaderboard_score': .7}, {'val_score': .8}], 'one source'),
    ([{'val_score': .7}, {'val_score': 71.}], 'one scale'),
    ([{'val_score': 71.}, {'val_score': 7150}], 'one scale'),
    ([{'val_score': 0.}], 'accuracy'),
])
def test_sources_and_scales_do_not_mix(origins, words):
    with pytest.raises(TableError, match=words):
        member_accuracies([table(**o) for o in origins])


def test_weights_one_each():
    members = [table(), table()]
    with pytest.raises(TableError, match='2 numbers, one a member'):
        check_weights([1.], members)
    with pytest.raises(TableError, match='--accuracies'):
        member_accuracies(members, [.5, .5, .5])
    for bad in ([-1., 2.], [0., 0.], [float('nan'), 1.]):
        with pytest.raises(TableError, match='not negative'):
            check_weights(bad, members)


def test_a_second_member_weighs_what_known_labels_say(tmp_path):
    rng, truth = np.random.default_rng(0), np.arange(300) % 3
    names = [f'{i}.png' for i in range(300)]
    write_list(tmp_path / 'val.txt', names, truth)

    def member(name, skill):
        scores = np.exp(skill * np.eye(3)[truth] + rng.normal(size=(300, 3)))
        order = rng.permutation(300)
        table = PredictionTable(np.array(names)[order].tolist(), (scores / scores.sum(1, keepdims=True))[order])
        write_table(table, tmp_path / f'{name}.pkl')
        return tmp_path / f'{name}.pkl'

    good, equal, noise = member('good', 2), member('equal', 2), member('noise', -2)
    share = second_share(good, equal, tmp_path / 'val.txt')
    assert .35 <= share <= .5, 'two as good as each other share alike'
    assert second_share(good, noise, tmp_path / 'val.txt') == 0, 'one that is wrong has no say'


def test_weights_of_a_file_are_matched_by_name(tmp_path):
    members, path = ['x/a.pkl', 'x/b.table', 'c.npz'], tmp_path / 'w.json'

    def weights(content):
        path.write_text(json.dumps(content))
        return read_weights([str(path)], members).tolist()
    found = dict(members=['c', 'y/a.pkl', 'b.table'], weights=[.5, .2, .3], metric='accuracy')
    assert weights(found) == [.2, .3, .5]
    assert weights([.1, .2, .7]) == weights(dict(weights=[.1, .2, .7])) == [.1, .2, .7]
    assert weights(dict(members=[*found['members'], 'd'], weights=[.5, .2, .3, 0])) == [.2, .3, .5]
    assert weights(dict(members=['c', 'a'], weights=[.6, .4], pruned=['z/b.pkl'])) == [.4, 0., .6]
    assert read_weights(['1', '2', '.5'], members).tolist() == [1., 2., .5]
    for content, words in [
            (dict(members=['a', 'b'], weights=[.5, .5]), 'not in it: c'), (dict(weights=['x', 1, 2]), 'numbers'),
            (dict(members=['a', 'b', 'd'], weights=[1, 1, 1]), 'no member: d'), ({}, 'a list `weights`'),
            (dict(members=['a', 'a.pkl', 'c'], weights=[1, 1, 1]), 'different names'), ([1, 2], 'one a member'),
            (dict(members='abc', weights=[1, 1, 1]), '3 names'), ([1, 2, -1], 'not negative')]:
        with pytest.raises(TableError, match=words):
            weights(content)
    path.write_text('{')
    for words, said in ((['1', 'x', '2'], 'numbers'), ([str(path)], 'no JSON file'), (['nope.json'], 'no such file')):
        with pytest.raises(TableError, match=said):
            read_weights(words, members)


def test_members_of_a_recipe_have_one_name_and_keep_their_order(tmp_path):
    (tmp_path / 'w.json').write_text(json.dumps(dict(members=['table', 'table'], weights=[.25, .75])))
    assert read_weights([str(tmp_path / 'w.json')], ['a/table.pkl', 'b/table.pkl']).tolist() == [.25, .75]
