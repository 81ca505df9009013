"""No fold is scored by a model that has seen its labels."""
import pytest

from mmcomp.errors import ConfigError
from mmcomp.recipes import stages as _stages  # noqa: F401 (registers them)
from mmcomp.recipes.plan import make_plan
from mmcomp.recipes.provenance import refuse_leaks, teachers

FOLDS = dict(fold=[0, 1])


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ('rows.txt', 'model.py'):
        (tmp_path / name).write_text('')
    (tmp_path / 'test').mkdir()


def two_rounds(pseudo_matrix, table, student_ann, ann='@split.train'):
    """Teachers of two folds label the test set; students of two folds learn from it and are scored."""
    return make_plan(dict(
        split=dict(type='Split', ann='rows.txt', folds=2, fold='{fold}', matrix=FOLDS),
        teacher=dict(type='Train', config='model.py', ann=ann, matrix=FOLDS),
        look=dict(type='Predict', model='@teacher', folder='test', matrix=FOLDS),
        mean=dict(type='Ensemble', tables='@look'),
        pseudo=dict(type='PseudoLabel', table=table, ann='@split.train', keep=.5, matrix=pseudo_matrix),
        student=dict(type='Train', config='model.py', ann=student_ann, matrix=FOLDS),
        score=dict(type='Predict', model='@student', ann='@split.val', matrix=FOLDS)))


def test_each_fold_with_its_own_teacher_is_fine():
    plan = two_rounds(FOLDS, '@look', '@pseudo')
    refuse_leaks(plan)
    assert teachers(plan, 'pseudo-fold1') == {'table': ['teacher-fold1'], 'ann': []}
    assert teachers(plan, 'mean') == {'tables': ['teacher-fold0', 'teacher-fold1']}
    assert teachers(plan, 'score-fold0') == {'model': ['student-fold0'], 'ann': []}


def test_the_mean_of_all_teachers_has_seen_every_fold():
    with pytest.raises(ConfigError) as caught:
        refuse_leaks(two_rounds(FOLDS, '@mean', '@pseudo'))
    way = 'student-fold0 ← pseudo-fold0 ← mean ← look-fold1 ← teacher-fold1 ← split-fold1.train'
    assert f'score-fold0 scores the fold that split-fold0 held back with its own teacher: {way}' in str(caught.value)


def test_a_teacher_of_the_whole_list_has_seen_every_fold():
    with pytest.raises(ConfigError, match='teacher-fold0 ← rows.txt'):
        refuse_leaks(two_rounds(FOLDS, '@look', '@pseudo', ann='rows.txt'))


def test_the_held_back_part_itself():
    with pytest.raises(ConfigError, match='split-fold0.val'):
        refuse_leaks(two_rounds(FOLDS, '@look', '@split.val'))


def cleaned(start):
    """Out-of-fold predictions clean the list; it is split again."""
    return make_plan(dict(
        split=dict(type='Split', ann='rows.txt', folds=2, fold='{fold}', matrix=FOLDS),
        first=dict(type='Train', config='model.py', ann='@split.train', matrix=FOLDS),
        told=dict(type='Predict', model='@first', ann='@split.val', matrix=FOLDS),
        clean=dict(type='Clean', ann='rows.txt', tables='@told'),
        whole=dict(type='Train', config='model.py', ann='rows.txt'),
        images=dict(type='Pretrain', config='model.py', ann='rows.txt'),
        again=dict(type='Split', ann='@clean', folds=2, fold='{fold}', matrix=FOLDS),
        second=dict(type='Train', config='model.py', ann='@again.train', start=start, matrix=FOLDS),
        score=dict(type='Predict', model='@second', ann='@again.val', matrix=FOLDS)))


def test_a_list_that_was_cleaned_may_be_split_again():
    refuse_leaks(cleaned(None))


def test_weights_of_an_earlier_list_have_seen_its_labels():
    with pytest.raises(ConfigError, match='second-fold0 ← whole ← rows.txt'):
        refuse_leaks(cleaned('@whole.weights'))


def test_pretraining_sees_images_and_no_labels():
    refuse_leaks(cleaned('@images.weights'))


def students(soft, **more):
    """A student of all rows, and teachers of two folds, of all rows, and of others."""
    return make_plan(dict(
        split=dict(type='Split', ann='rows.txt', folds=2, fold='{fold}', matrix=FOLDS),
        teacher=dict(type='Train', config='model.py', ann='@split.train', matrix=FOLDS),
        held=dict(type='Predict', model='@teacher', ann='@split.val', matrix=FOLDS),
        oof=dict(type='Ensemble', tables='@held', partial=True),
        whole=dict(type='Train', config='model.py', ann='rows.txt'),
        seen=dict(type='Predict', model='@whole', ann='rows.txt'),
        stranger=dict(type='Train', config='model.py', ann='others.txt'),
        look=dict(type='Predict', model='@stranger', ann='rows.txt'),
        student=dict(type='Train', config='model.py', ann='rows.txt',
                     options=dict(train_dataloader=dict(dataset=dict(soft_targets=soft)))), **more))


def test_soft_targets_are_of_teachers_that_have_not_seen_the_row(tmp_path):
    (tmp_path / 'others.txt').write_text('')
    for soft in ('@oof', '@look'):
        refuse_leaks(students(soft))
    mixed = dict(mixed=dict(type='Ensemble', tables=['@oof', '@seen']))
    for soft, more in (('@seen', {}), ('@mixed', mixed)):
        with pytest.raises(ConfigError, match='student learns from soft targets of seen, whose teacher whole trained'):
            refuse_leaks(students(soft, **more))


def one_pass(ann, **tables):
    """A teacher of each fold predicts in one pass with the other; pseudo labels by one of the two tables."""
    return make_plan(dict(
        split=dict(type='Split', ann='rows.txt', folds=2, fold='{fold}', matrix=FOLDS),
        teacher=dict(type='Train', config='model.py', ann='@split.train', matrix=FOLDS),
        look=dict(type='Predict', model='@teacher[fold=0]', also=dict(other='@teacher[fold=1]'), **ann),
        **{name: dict(type='PseudoLabel', table=table, ann='@split[fold=0].train', keep=.5)
           for name, table in tables.items()},
        student=dict(type='Train', config='model.py', ann='@pseudo'),
        score=dict(type='Predict', model='@student', ann='@split[fold=0].val')))


def test_each_table_of_one_pass_has_its_own_teacher():
    plan = one_pass(dict(folder='test'), pseudo='@look.table', unused='@look.other')
    refuse_leaks(plan)
    assert teachers(plan, 'pseudo')['table'] == ['teacher-fold0']
    assert teachers(plan, 'unused')['table'] == ['teacher-fold1']
    with pytest.raises(ConfigError, match='student ← pseudo ← look ← teacher-fold1 ← split-fold1.train'):
        refuse_leaks(one_pass(dict(folder='test'), pseudo='@look.other'))


def test_a_model_of_the_same_pass_may_not_have_seen_the_fold_either():
    with pytest.raises(ConfigError, match='look scores the fold that split-fold0 held back with its own teacher'):
        refuse_leaks(one_pass(dict(ann='@split[fold=0].val'), pseudo='@look.table'))
