"""Who learned from what: the trainings behind a result, and folds scored by their own teachers.

A model scores a fold honestly only if nothing that it learned from has seen
the labels of that fold. Pseudo labels are the usual leak: a student of fold 1
whose pseudo labels come from the teacher of fold 0, which trained on fold 1.
"""
from collections.abc import Mapping
from typing import Any

from mmcomp.errors import ConfigError
from mmcomp.recipes.instance import Bound, Instance, Outside, leaves
from mmcomp.recipes.plan import Plan

LEARNS = ('Train', 'Pretrain')


def teachers(plan: Plan, name: str) -> dict[str, list[str]]:
    """The trainings that each input of an instance comes from at the nearest."""
    found: dict[str, list[str]] = {}
    for where, bound in plan.instances[name].bound():
        mine = found.setdefault(where.split('.')[0], [])
        mine += [teacher for teacher in _nearest(plan, bound) if teacher not in mine]
    return found


def _nearest(plan: Plan, bound: Bound) -> list[str]:
    instance = plan.instances[bound.instance]
    if learns(instance):
        return [instance.name]
    needs = dict.fromkeys(leaf for _, leaf in _behind(instance, bound.output) if isinstance(leaf, Bound))
    return list(dict.fromkeys(teacher for need in needs for teacher in _nearest(plan, need)))


def _behind(instance: Instance, output: str) -> list[tuple[str, Any]]:
    """Settings that an output is made of: of models that predict in one pass each has a table of its own."""
    also = _also(instance)
    own = f'also.{output}' if output in also else 'model'
    return [(where, leaf) for where, leaf in leaves(instance.settings)
            if not also or where == own or where.partition('.')[0] not in ('model', 'also')]


def _also(instance: Instance) -> Mapping[str, Any]:
    """Models that predict in the same pass, by output."""
    return (instance.settings.get('also') or {}) if instance.type.__name__ == 'Predict' else {}


def learns(instance: Instance) -> bool:
    """Whether an instance is a training."""
    return any(cls.__name__ in LEARNS for cls in instance.type.__mro__)


def refuse_leaks(plan: Plan) -> None:
    """Refuse predictions of a held-back fold by a model that goes back to labels of that fold, and soft targets by a
    teacher that trained on the rows.

    Raises:
        ConfigError: With the way from the model to the labels.
    """
    for instance in plan.instances.values():
        if learns(instance):
            _refuse_seen_soft_targets(plan, instance)
    for instance in plan.instances.values():
        held = _held_fold(plan, instance)
        models = [instance.settings.get('model'), *_also(instance).values()] if held else []
        split = plan.instances[held] if held else None
        ways = [_way_to_fold(plan, model, split, _lists_behind(plan, split), ()) for model in models
                if isinstance(model, Bound)]
        for way in filter(None, ways):
            raise ConfigError(
                f'stage {instance.name} scores the fold that {held} held back with its own teacher: '
                f'{" ← ".join(way)}, where labels of that fold were seen. Let every fold learn only from its own '
                'split: give the stages between the same matrix.')


def _refuse_seen_soft_targets(plan: Plan, student: Instance) -> None:
    """A table of soft targets is honest where every prediction in it is of a fold that its teacher has not seen, or of
    rows that the teacher did not train on at all."""
    for where, bound in student.bound():
        if where.rpartition('.')[2] != 'soft_targets':
            continue
        for look, model in _predictions(plan, bound):
            seen = [plan.instances[name] for name in _nearest(plan, model)] if isinstance(model, Bound) else []
            if _held_fold(plan, look) is None and any(_data(one) & _data(student) or not _data(one) for one in seen):
                raise ConfigError(
                    f'stage {student.name} learns from soft targets of {look.name}, whose teacher '
                    f'{seen[0].name} trained on the same rows. Predict every row by a model that has not seen it: '
                    'one teacher a fold, `ann=\'@split.val\'`, joined by an Ensemble with `partial=True`.')


def _predictions(plan: Plan, bound: Bound) -> list[tuple[Instance, Any]]:
    """The predictions that a table was made from, each with its model."""
    instance = plan.instances[bound.instance]
    if instance.type.__name__ == 'Predict':
        return [(instance, _also(instance).get(bound.output, instance.settings.get('model')))]
    needs = dict.fromkeys(leaf for _, leaf in instance.bound())
    return [look for need in needs if not learns(plan.instances[need.instance]) for look in _predictions(plan, need)]


def _data(training: Instance) -> set:
    """Lists and tables that a training reads, where the recipe names them."""
    return {leaf for where, leaf in leaves(training.settings) if where.rpartition('.')[2] in ('ann', 'ann_file')
            and isinstance(leaf, Bound | Outside)}


def _held_fold(plan: Plan, instance: Instance) -> str | None:
    """The split whose held-back rows an instance predicts."""
    ann = instance.settings.get('ann')
    if instance.type.__name__ == 'Predict' and isinstance(ann, Bound) and ann.output == 'val' \
            and plan.instances[ann.instance].type.__name__ == 'Split':
        return ann.instance
    return None


def _lists_behind(plan: Plan, split: Instance) -> list[Bound | Outside]:
    """The list that was split, and those it was made from."""
    lists, ann = [], split.settings['ann']
    while ann is not None:
        lists.append(ann)
        ann = plan.instances[ann.instance].settings.get('ann') if isinstance(ann, Bound) else None
    return lists


def _way_to_fold(plan: Plan, bound: Bound, split: Instance, lists: list, way: tuple[str, ...]) -> tuple[str, ...]:
    """Instances from a model to labels of the held-back fold, or nothing."""
    instance = plan.instances[bound.instance]
    if instance.name == split.name:
        return (*way, f'{instance.name}.val') if bound.output == 'val' else ()
    if instance.base == split.base:
        # Another fold trains on this fold's rows, if both were cut from the same list.
        same_cut = instance.settings['ann'] == split.settings['ann']
        return (*way, f'{instance.name}.train') if same_cut and bound.output == 'train' else ()
    way = (*way, instance.name)
    for where, leaf in _behind(instance, bound.output):
        if leaf in lists and _has_labels(instance, where):
            return (*way, f'{leaf.instance}.{leaf.output}' if isinstance(leaf, Bound) else leaf.path.name)
        further = _way_to_fold(plan, leaf, split, lists, way) if isinstance(leaf, Bound) else ()
        if further:
            return further
    return ()


def _has_labels(instance: Instance, where: str) -> bool:
    """Whether a setting brings labels into what an instance learns."""
    return instance.type.__name__ != 'Pretrain' or where != 'ann'
