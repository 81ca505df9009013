"""Matrices are expanded, references bound, and everything wrong is told before anything runs."""
import pytest

from mmcomp.errors import ConfigError
from mmcomp.recipes import stages as _stages  # noqa: F401 (registers them)
from mmcomp.recipes.instance import Bound, Outside
from mmcomp.recipes.plan import make_plan

FOLDS = dict(fold=[0, 1])


def road(**more):
    """Data, two folds, a training and a prediction of each, and their mean."""
    return dict(
        split=dict(type='Split', ann='rows.txt', folds=2, fold='{fold}', matrix=FOLDS),
        fold=dict(type='Train', config='model.py', ann='@split.train', seed='{seed}',
                  matrix=dict(**FOLDS, seed=[1, 2])),
        told=dict(type='Predict', model='@fold', ann='@split.val', matrix=dict(**FOLDS, seed=[1, 2])),
        mean=dict(type='Ensemble', tables='@told'), **more)


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'rows.txt').write_text('a.png 0\n')
    (tmp_path / 'model.py').write_text('')


def test_matrices_multiply_and_shared_axes_meet(tmp_path):
    plan = make_plan(road())
    assert list(plan.instances) == [
        'split-fold0', 'split-fold1', 'fold-fold0-seed1', 'fold-fold0-seed2', 'fold-fold1-seed1', 'fold-fold1-seed2',
        'told-fold0-seed1', 'told-fold0-seed2', 'told-fold1-seed1', 'told-fold1-seed2', 'mean']
    told = plan.instances['told-fold1-seed2'].settings
    assert told['model'] == Bound('fold-fold1-seed2', 'model') and told['ann'] == Bound('split-fold1', 'val')
    assert plan.instances['fold-fold0-seed2'].settings['seed'] == 2, 'the number itself, not a text'
    assert plan.instances['split-fold0'].settings['ann'] == Outside(tmp_path / 'rows.txt')
    # Without the axes all instances are taken.
    assert [b.instance for _, b in plan.instances['mean'].bound()] == [
        f'told-fold{f}-seed{s}' for f in (0, 1) for s in (1, 2)]


def test_axes_can_be_picked_and_hold_dicts():
    members = [dict(name='small net', last=2), dict(name='large', last=3)]
    plan = make_plan(road(
        soup=dict(type='Soup', model='@fold[fold=0, seed=2]', last='{member.last}', matrix=dict(member=members))))
    assert plan.instances['soup-small_net'].settings == dict(model=Bound('fold-fold0-seed2', 'model'), last=2)
    assert plan.instances['soup-large'].settings['last'] == 3


def test_every_instance_comes_after_what_it_needs():
    stages = dict(reversed(road().items()))
    order = list(make_plan(stages).instances)
    plan = make_plan(stages)
    assert all(order.index(need) < order.index(name) for name in order for need in plan.needs(name))


def test_dependants_and_ancestors():
    plan = make_plan(road())
    assert plan.dependants(['fold-fold1-seed1']) == {'fold-fold1-seed1', 'told-fold1-seed1', 'mean'}
    assert plan.ancestors('told-fold1-seed1') == ['split-fold1', 'fold-fold1-seed1']


def test_defaults_lie_beneath():
    options = dict(train_cfg=dict(max_epochs=3))
    stages = dict(a=dict(type='Train', config='model.py', options=dict(train_cfg=dict(max_epochs=5))),
                  b=dict(type='Train', config='model.py', options=dict(model=dict(head=1))))
    plan = make_plan(stages, dict(Train=dict(options=options, seed=7)))
    assert plan.instances['a'].settings['options'] == dict(train_cfg=dict(max_epochs=5))
    assert plan.instances['b'].settings['options'] == dict(train_cfg=dict(max_epochs=3), model=dict(head=1))
    assert plan.instances['a'].settings['seed'] == 7


def test_references_in_options_are_bound_too():
    init = dict(init_cfg=dict(checkpoint='@first.weights'))
    plan = make_plan(dict(first=dict(type='Train', config='model.py'),
                          second=dict(type='Train', config='model.py', options=dict(model=dict(backbone=init)))))
    assert plan.needs('second') == ['first']
    assert plan.instances['second'].bound()[0][0] == 'options.model.backbone.init_cfg.checkpoint'


def command(**settings):
    return dict(type='Command', command=['true'], **settings)


def told(**settings):
    return dict(type='Predict', model='@fold[fold=0,seed=1]', **settings)


@pytest.mark.parametrize(('more', 'said'), [
    (dict(x=dict(type='Trane')), 'stage x: `Trane` is no stage type. Did you mean `Train`?'),
    (dict(x=dict(type='Soup', modell='@fold')), 'Soup has no setting `modell`. Did you mean `model`'),
    (dict(x=dict(type='Soup')), 'Soup needs `model`'),
    (dict(x=dict(type='Soup', model='@fould[fold=0,seed=1]')), 'there is no stage `fould`. Did you mean `fold`'),
    (dict(x=dict(type='Soup', model='@mean')), 'needs a folder with config.py and weights.pth; stage mean leaves'),
    (dict(x=dict(type='Soup', model='@fold')), 'is 4 results: fold-fold0-seed1'),
    (dict(x=dict(type='Soup', model='@fold[fold=7,seed=1]')), 'no instance with fold=7, seed=1'),
    (dict(x=dict(type='Soup', model='@fold[mold=7]')), 'no axis `mold`. Did you mean `fold`'),
    (dict(x=dict(type='Soup', model='@fold[fold=0,seed=1].wights')), 'no output `wights`. Did you mean `weights`'),
    (dict(x=dict(type='Train', config='model.py', ann='@split[fold=0]')), 'could be @split.train or @split.val'),
    (dict(x=told(also='@fold')), 'Predict: `also` must be models by names other than table; got \'@fold\''),
    (dict(x=told(also=dict(table='@fold[fold=1,seed=1]'))), 'got \'table\'. Write dict(name=\'@stage\')'),
    (dict(x=told(also=dict(other='@split[fold=1]'))), 'needs a folder with config.py and weights.pth; stage split'),
    (dict(x=told(also=dict(other='@fold[fold=1,seed=1]')), y=dict(type='Boost', table='@x', ann='rows.txt')),
     'could be @x.table or @x.other'),
    (dict(x=dict(type='Train', config='modle.py')), 'no such file: modle.py. Did you mean `model.py`'),
    (dict(x=dict(type='Train', config='model.py', ann='split')), 'The result of a stage is `@split`'),
    (dict(x=dict(type='Train', config='model.py', seed='one')), '`seed` must be of type int; got \'one\''),
    (dict(x=dict(type='Train', config='model.py', gpus=-1)), '`gpus` must be a number of GPUs'),
    (dict(x=command(matrix=dict(fold=[]))), '`matrix.fold` must be a list of values'),
    (dict(x=command(inputs=dict(a='@y')), y=command(inputs=dict(a='@x'))), 'stage y leaves nothing'),
    ({'x-fold0': command(), 'x': command(matrix=FOLDS)}, 'stages x-fold0 and x would both write stages/x-fold0'),
    (dict(x=command(leaves=dict(a=('file', 'a.txt'), b=('file', 'a.txt')))), 'two of its outputs are the file a.txt'),
    (dict(x=command(leaves=dict(a=('fyle', 'a.txt')))), '`leaves.a` must be a kind'),
])
def test_faults_are_told_before_anything_runs(more, said):
    with pytest.raises(ConfigError) as caught:
        make_plan(road(**more))
    assert said in str(caught.value)


def test_all_faults_at_once():
    with pytest.raises(ConfigError) as caught:
        make_plan(road(x=dict(type='Trane'), y=dict(type='Soup')))
    assert 'Trane' in str(caught.value) and 'needs `model`' in str(caught.value)


def test_circles_are_shown():
    leaves = dict(out=('file', 'out.txt'))
    with pytest.raises(ConfigError, match='a → b → a|b → a → b'):
        make_plan(dict(a=command(inputs=dict(x='@b'), leaves=leaves), b=command(inputs=dict(x='@a'), leaves=leaves)))


def test_files_may_be_missing_for_a_look_from_elsewhere():
    stages = dict(x=dict(type='Split', ann='elsewhere/rows.txt'))
    with pytest.raises(ConfigError, match='no such file: elsewhere/rows.txt'):
        make_plan(stages)
    assert len(make_plan(stages, need_files=False).instances) == 1
