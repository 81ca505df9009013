"""Vega-Lite specifications of the report's charts: plain dicts; colours and fonts come from the page's style."""
import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np

NAMED_LINES, RANKS, CELLS_WITH_TEXT, LABEL = 8, 300, 10, 26
DASHES = [[1, 0], [5, 3], [1.5, 2.5], [8, 3, 2, 3], [3, 3], [10, 4], [6, 2, 1, 2, 1, 2], [2, 6]]


def waterfall(rungs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What each step added: a bar from the accuracy it is compared with to its own, in percent.

    Args:
        rungs: ``name, accuracy, error, gain, gain_error, over`` of each step; the first has no gain. Where there is
            another ``metric``, ``accuracy`` is of it.
    """
    metric = next((rung['metric'] for rung in rungs if rung.get('metric')), 'accuracy')
    rows = []
    for at, rung in enumerate(rungs):
        value, gain = 100 * rung['accuracy'], rung.get('gain')
        margin = 196 * (rung.get('gain_error') or 0)
        rows.append(dict(
            step=_two_lines(f'{at + 1}. {rung["name"]}'), name=rung['name'], value=round(value, 3),
            low=round(value - 196 * rung['error'], 3), high=round(value + 196 * rung['error'], 3),
            before=round(value - 100 * (gain or 0), 3),
            way='start' if gain is None else 'more' if gain >= 0 else 'less',
            accuracy=f'{value:.2f} %', said='start' if gain is None else f'{100 * gain:+.2f}'.replace('-', '−'),
            gain='' if gain is None else f'{100 * gain:+.2f} ± {margin:.2f} points', over=rung.get('over') or ''))
    tooltip = [dict(field=f, title=t) for f, t in (('name', 'step'), ('accuracy', metric), ('gain', 'gain (95 %)'),
                                                   ('over', 'over'))]
    y = dict(field='step', type='nominal', sort=None, title=None,
             axis=dict(ticks=False, domain=False, labelPadding=10, labelExpr="split(datum.label, '\\n')",
                       labelLineHeight=15, labelOffset=dict(
                           condition=dict(test="indexof(datum.value, '\\n') > 0", value=-7), value=0)))
    x = dict(field='value', type='quantitative', title=f'{metric}, %',
             axis=dict(tickCount=8), scale=dict(zero=False, nice=False, domain=_around(rows)))
    present = {row['way'] for row in rows}
    bars = [dict(transform=[dict(filter=f"datum.way == '{way}'")], mark=dict(type='bar', style=style, size=14),
                 encoding=dict(y=y, x=x, x2=dict(field='before'), tooltip=tooltip))
            for way, style in (('more', 'good'), ('less', 'bad')) if way in present]
    height = dict(step=42 if any('\n' in row['step'] for row in rows) else 34)
    return _spec(f'What each step added to the {metric}', height, dict(values=rows), layer=[
        dict(mark=dict(type='rule', style='whisker'),
             encoding=dict(y=y, x=dict(field='low', type='quantitative'), x2=dict(field='high'), tooltip=tooltip)),
        *bars,
        dict(mark=dict(type='point', style='dot', filled=True, size=55), encoding=dict(y=y, x=x, tooltip=tooltip)),
        dict(mark=dict(type='text', style='note', align='center', dy=-14),
             encoding=dict(y=y, x=x, text=dict(field='said')))])


def _around(rows: Sequence[dict[str, Any]]) -> list[float]:
    """A range with room for all intervals and for the labels above the outermost dots."""
    low, high = min(row['low'] for row in rows), max(row['high'] for row in rows)
    room = .1 * (high - low) or 1.
    return [max(0., round(low - room, 2)), round(high + room, 2)]


def _two_lines(text: str) -> str:
    first, *more = textwrap.wrap(text, LABEL)
    return '\n'.join([first, *([textwrap.shorten(' '.join(more), LABEL, placeholder=' …')] if more else [])])


def learning_curves(key: str, runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A line a run, over iterations.

    Few groups have a colour and a dash each; of many one is picked from a list and stands out.

    Args:
        key: What is drawn.
        runs: ``name, group, x, y`` of each run.
    """
    groups = list(dict.fromkeys(run['group'] for run in runs))
    rows = [dict(run=run['name'], group=run['group'], x=run['x'], y=run['y']) for run in runs]
    few = len(groups) <= NAMED_LINES
    short = max(len(run['x']) for run in runs) <= 30
    encoding = dict(
        x=dict(field='x', type='quantitative', title='iteration', axis=dict(tickCount=6)),
        y=dict(field='y', type='quantitative', title=None, scale=dict(zero=False)),
        detail=dict(field='run', type='nominal'),
        tooltip=[dict(field='run', title='run'), dict(field='x', title='iteration', format=',.0f'),
                 dict(field='y', title=key, format='.4~g')])
    params, mark = [], dict(type='line', strokeWidth=1.4, point=dict(size=14, filled=True) if short and few else False)
    if few:
        scale = dict(domain=groups)
        encoding['color'] = dict(field='group', type='nominal', title=None, scale=scale)
        encoding['strokeDash'] = dict(field='group', type='nominal', title=None,
                                      scale=dict(scale, range=DASHES[:len(groups)]))
    else:
        params = [dict(name='pick', value=groups[0], bind=dict(input='select', options=groups, name='stands out: '))]
        mark['style'] = 'accent'
        encoding['opacity'] = dict(condition=dict(test='datum.group == pick', value=1), value=.16)
        encoding['strokeWidth'] = dict(condition=dict(test='datum.group == pick', value=2.2), value=1)
    return _spec(f'Curves of {key} of {len(runs)} trainings', 230, dict(values=rows),
                 transform=[dict(flatten=['x', 'y'])], mark=mark, encoding=encoding, params=params)


def class_counts(before: Sequence[int], after: Sequence[int]) -> dict[str, Any]:
    """Samples a class before and after re-distribution, each sorted by size.

    Args:
        before: ``(C,)`` counts.
        after: Those behind it.
    """
    rows = []
    for name, counts in (('before', before), ('after', after)):
        ranked = np.sort(np.asarray(counts))[::-1]
        at = np.unique(np.linspace(0, len(ranked) - 1, min(RANKS, len(ranked))).round().astype(int))
        rows += [dict(labels=name, rank=int(i) + 1, samples=int(ranked[i])) for i in at]
    even = sum(before) / max(len(before), 1)
    domain = ['before', 'after']
    return _spec('Samples a class before and after re-distribution', 230, dict(values=rows), layer=[
        dict(data=dict(values=[dict(even=even)]), mark=dict(type='rule', style='whisker', strokeDash=[2, 3]),
             encoding=dict(y=dict(field='even', type='quantitative'))),
        dict(mark=dict(type='line', interpolate='step-after', strokeWidth=2), encoding=dict(
            x=dict(field='rank', type='quantitative', title='class, the most frequent first',
                   scale=dict(nice=False, zero=False), axis=dict(tickMinStep=1)),
            y=dict(field='samples', type='quantitative', title=None),
            color=dict(field='labels', type='nominal', title=None, scale=dict(domain=domain)),
            strokeDash=dict(field='labels', type='nominal', title=None,
                            scale=dict(domain=domain, range=[[5, 3], [1, 0]])),
            tooltip=[dict(field='labels'), dict(field='rank', title='class by frequency'), dict(field='samples')]))])


def correlation(names: Sequence[str], values: Sequence[Sequence[float]],
                agreement: Sequence[Sequence[float]]) -> dict[str, Any]:
    """A matrix of shades, with numbers where there is room.

    Args:
        names: M members.
        values: ``(M, M)`` correlations.
        agreement: ``(M, M)`` shares of samples with the same top class.
    """
    short = [str(at + 1) for at in range(len(names))]
    rows = [dict(a=short[i], b=short[j], x=names[i], y=names[j], r=values[i][j], same=f'{100 * agreement[i][j]:.1f} %')
            for i in range(len(names)) for j in range(len(names)) if i != j]
    axis = dict(type='nominal', sort=short, title=None)
    position = dict(x=dict(axis, field='a', axis=dict(orient='top', labelAngle=0, ticks=False, domain=False)),
                    y=dict(axis, field='b', axis=dict(ticks=False, domain=False)))
    layers = [dict(mark=dict(type='rect', cornerRadius=2), encoding=dict(
        position, color=dict(field='r', type='quantitative', title='correlation', scale=dict(zero=False),
                             legend=dict(orient='bottom', gradientLength=160)),
        tooltip=[dict(field='x', title='member'), dict(field='y', title='and'),
                 dict(field='r', title='correlation', format='.3f'), dict(field='same', title='same class')]))]
    if len(names) <= CELLS_WITH_TEXT:
        layers.append(dict(mark=dict(type='text', style='number'),
                           encoding=dict(position, text=dict(field='r', type='quantitative', format='.2f'))))
    return _spec('Correlation of the members of the ensemble', dict(step=max(20, min(40, 440 // len(names)))),
                 dict(values=rows), layer=layers)


def _spec(description: str, height: Any, data: dict, **rest: Any) -> dict[str, Any]:
    fit = 'fit-x' if isinstance(height, dict) else 'fit'
    return {'description': description, 'width': 'container', 'height': height, 'data': data,
            'autosize': dict(type=fit, contains='padding'), **{k: v for k, v in rest.items() if v != []}}
