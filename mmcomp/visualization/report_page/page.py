"""From plain data to the page."""
import base64
import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from . import charts
from .graph import HEIGHT, WIDTH, draw_graph
from .vega import vega_bundle

HERE = Path(__file__).resolve().parent
MARKS = {'done': '✓', 'running': '▶', 'failed': '✗', 'stopped': '■', 'blocked': '–', 'waiting': '·'}
WORST_FIRST = ('failed', 'stopped', 'blocked', 'running', 'waiting', 'done')
MANY_SAMPLES = 2000  # from so many on a second decimal of a percentage means something


def render_page(report: Mapping[str, Any]) -> str:
    """The page as one text.

    Args:
        report: ``title, recipe, folder``; ``measure``, what is scored, by default accuracy; ``headline``
            (``final, gain, best, submission``); ``failures``; ``ladders`` (``stage, rungs``); ``board`` rows
            (``name, kind, stages`` and the scores ``oof, val, test``, each None or
            ``value, low, high, samples, note``); ``stages`` (``name, type, needs, settings, instances``); ``curves``
            (``key, runs``); ``classes``; ``counts``; ``members``; ``runs``; ``versions``; ``notes``. As made by
            ``mmcomp.recipes.report.gather``. All of it is text to the page: markup in it is shown, not obeyed.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    environment = Environment(loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined,
                              trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(percent=percent, points=points, duration=duration, day=day, size=size, count=count)
    environment.globals.update(MARKS=MARKS, tally=tally, span=span)
    specs = _specs(report)
    scripts = [vega_bundle(), (HERE / 'page.js').read_text(encoding='utf-8')] if specs else []
    return environment.get_template('page.html').render(
        **{'measure': 'accuracy', **report}, digits=_digits(report), graph=_graph(report['stages']), specs=specs,
        data=_json(specs),
        spent=sum(i['seconds'] or 0 for s in report['stages'] for i in s['instances']),
        states=tally(i['state'] for s in report['stages'] for i in s['instances']),
        scale=_scale(report['board']), style=(HERE / 'page.css').read_text(encoding='utf-8'), scripts=scripts,
        hashes=[_hash(script) for script in scripts])


def _specs(report: Mapping[str, Any]) -> dict[str, dict]:
    """Charts by the id of their place on the page."""
    specs = {f'waterfall{at}': charts.waterfall(ladder['rungs']) for at, ladder in enumerate(report['ladders'])}
    specs |= {f'curve{at}': charts.learning_curves(panel['key'], panel['runs'])
              for at, panel in enumerate(report['curves'])}
    specs |= {f'counts{at}': charts.class_counts(c['before'], c['after']) for at, c in enumerate(report['counts'])}
    if report['members']:
        m = report['members']
        specs['correlation'] = charts.correlation(m['names'], m['correlation'], m['agreement'])
    return specs


def _json(value: object) -> str:
    """JSON that no text in it can end the element around."""
    text = json.dumps(value, separators=(',', ':'), ensure_ascii=False)
    return text.replace('<', '\\u003c').replace('\u2028', '\\u2028').replace('\u2029', '\\u2029')


def _hash(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def _digits(report: Mapping[str, Any]) -> int:
    samples = [row[key]['samples'] or 0 for row in report['board'] for key in ('test', 'oof', 'val') if row[key]]
    return 2 if max(samples, default=0) >= MANY_SAMPLES else 1


def _graph(stages: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    drawing = draw_graph({stage['name']: stage['needs'] for stage in stages})
    boxes = []
    for stage in stages:
        x, y = drawing.boxes[stage['name']]
        states = tally(i['state'] for i in stage['instances'])
        seconds = [i['seconds'] for i in stage['instances'] if i['seconds'] is not None]
        said = [f'{MARKS[state]} {number if len(stage["instances"]) > 1 else state}' for state, number in states]
        boxes.append(dict(name=stage['name'], x=x, y=y, state=states[0][0] if states else 'waiting',
                          said=' · '.join([' '.join(said), *([duration(sum(seconds))] if seconds else [])]),
                          type=stage['type'], shown=_shortened(stage['name'], 19)))
    edges = [path for _, _, path in drawing.edges]
    return dict(boxes=boxes, edges=edges, width=round(drawing.width), height=round(drawing.height), box=(WIDTH, HEIGHT))


def _shortened(text: str, length: int) -> str:
    return text if len(text) <= length else f'{text[:length - 1]}…'


def _scale(board: Sequence[Mapping[str, Any]]) -> dict[str, tuple[float, float]]:
    """For each column of the leaderboard the range that its intervals are drawn in."""
    scale = {}
    for key in ('test', 'oof', 'val'):
        ends = [end for row in board if row[key] for end in (row[key]['low'], row[key]['high'], row[key]['value'])
                if end is not None]
        if ends:
            room = (max(ends) - min(ends)) * .04 or .01
            scale[key] = (min(ends) - room, max(ends) + room)
    return scale


# ---------------------------------------------------------------- how things are written


def span(value: float, low: float, high: float) -> float:
    """Where a value lies between two ends, in percent."""
    return round(100 * (value - low) / (high - low), 2)


def tally(states) -> list[tuple[str, int]]:
    """States with their numbers, the worst first."""
    states = list(states)
    return [(state, states.count(state)) for state in WORST_FIRST if state in states]


def percent(value: float, digits: int = 1) -> str:
    """``0.783`` → ``78.3``."""
    return f'{100 * value:.{digits}f}'


def points(value: float, digits: int = 1) -> str:
    """``0.021`` → ``+2.1``."""
    return f'{100 * value:+.{digits}f}'.replace('-', '−')


def duration(seconds: float | None) -> str:
    """``0.3 s``, ``48 s``, ``12 min``, ``3 h 05``."""
    if seconds is None:
        return ''
    if seconds < 100:
        return f'{seconds:.1f} s' if seconds < 10 else f'{seconds:.0f} s'
    if seconds < 6000:
        return f'{seconds / 60:.0f} min'
    return f'{int(seconds // 3600)} h {int(seconds % 3600 // 60):02d}'


def day(stamp: float | None) -> str:
    """``2026-01-31 14:05`` in local time."""
    return '' if stamp is None else time.strftime('%Y-%m-%d %H:%M', time.localtime(stamp))


def size(number: int) -> str:
    """``1.8 GB``."""
    for unit in ('B', 'kB', 'MB', 'GB'):
        if number < 1000 or unit == 'GB':
            return f'{number:.0f} {unit}' if unit == 'B' or number >= 10 else f'{number:.1f} {unit}'
        number /= 1000
    return ''


def count(number: int) -> str:
    """``12,345``."""
    return f'{number:,}'
