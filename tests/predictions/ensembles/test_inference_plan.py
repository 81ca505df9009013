"""The published kernel fits as it did, and what keeps a further model out is said; plans are those of trying all."""
from itertools import combinations

import numpy as np
import pytest

from mmcomp.errors import ConfigError, DataError
from mmcomp.predictions.ensembles.inference_plan import (
    Candidate,
    Limits,
    exceeded,
    needed,
    plan_by_score,
    plan_by_value,
    read_candidates,
)

KERNEL = Limits(seconds=7200, gb=20, ram_gb=13)
FAMILIES = dict(BERT=(5, 120, 725, 1.22), GPT2=(3, 45, 800, 1.44), LSTM1=(6, 10, 25, .77), LSTM2=(5, 35, 20, .97))


def published(size=1., **counts):
    return [Candidate(f'{family}-{at}', seconds, size * gb, family, before)
            for family, (count, before, seconds, gb) in FAMILIES.items() for at in range(counts.get(family, count))]


@pytest.mark.parametrize('family, seconds, gb', [('BERT', 3745, 6.10), ('GPT2', 2445, 4.32), ('LSTM1', 160, 4.62),
                                                 ('LSTM2', 135, 4.85)])
def test_the_table_of_each_family(family, seconds, gb):
    need = needed([one for one in published() if one.family == family])
    assert need.seconds == seconds and need.gb == pytest.approx(gb)


def test_the_published_nineteen_just_fit():
    plan = plan_by_value(published(), KERNEL)
    assert len(plan.chosen) == 19 and not plan.left_out
    assert plan.need.seconds == 6485 and plan.need.gb == pytest.approx(19.89)


def test_what_binds():
    plan = plan_by_value(published(BERT=6), KERNEL)
    assert len(plan.chosen) == 19 and {one.family for one in plan.left_out} <= {'BERT', 'GPT2'}
    sixth = exceeded(needed(published(BERT=6)), KERNEL)
    assert sixth == ['time', 'files'] == plan.binding[plan.left_out[0].name]
    assert 'time and files would be exceeded' in plan.words()
    # Weights alone, in half precision: a sixth of the size, and time is what binds.
    small = plan_by_value(published(1 / 6, BERT=6), KERNEL)
    assert list(small.binding.values()) == [['time']] and small.need.gb < 4


def test_it_is_the_best_of_all_subsets():
    rng = np.random.default_rng(0)
    for _ in range(10):
        some = [Candidate(f'{i}', *rng.uniform(1, 9, 2), family='ab'[i % 2], preprocess_seconds=rng.uniform(0, 5),
                          ram_gb=rng.uniform(1, 9), value=rng.uniform(0, 1)) for i in range(7)]
        limits = Limits(*rng.uniform(8, 22, 2), ram_gb=8)
        fits = [subset for size in range(8) for subset in combinations(some, size)
                if not exceeded(needed(subset), limits)]
        plan = plan_by_value(some, limits)
        assert plan.value == pytest.approx(max(sum(one.value for one in subset) for subset in fits))
        assert plan.need == needed(plan.chosen) and not exceeded(plan.need, limits)


def test_by_score_models_are_added_while_it_rises():
    some = [Candidate(name, 1, 1) for name in 'abcd']
    worth = dict(zip([(), (0, ), (1, ), (0, 1), (0, 1, 2), (0, 1, 3)], [0, .9, .8, .95, .97, .94]))
    plan = plan_by_score(some, Limits(seconds=3), lambda chosen: worth.get(tuple(sorted(chosen)), .1))
    assert [one.name for one in plan.chosen] == ['a', 'b', 'c'] and plan.value == .97
    plan = plan_by_score(some, Limits(), lambda chosen: worth.get(tuple(sorted(chosen)), .1))
    assert plan.binding == {'d': []} and 'left out d: it adds nothing' in plan.words()
    many = [Candidate(f'{i}', 1 + i % 3, 1) for i in range(30)]
    assert len(plan_by_value(many, Limits(seconds=10)).chosen) == 10


def test_files_and_what_is_wrong_with_them(tmp_path):
    path = tmp_path / 'models.csv'
    path.write_text('name,seconds,gb,preprocess_seconds,count\nBERT,725,1.22,120,5\nmine,1,1,,\n')
    found = read_candidates(path)
    assert [one.name for one in found][:2] == ['BERT-1', 'BERT-2'] and len(found) == 6
    assert needed(found[:5]).seconds == 3745
    for text, law in (('name,gb\na,1\n', 'name, seconds, gb'), ('name,seconds,gb\na,x,1\n', 'models.csv:2.*numbers')):
        path.write_text(text)
        with pytest.raises(DataError, match=law):
            read_candidates(path)
    with pytest.raises(ConfigError, match='of different names'):
        plan_by_value([Candidate('a', 1, 1)] * 2, Limits())
