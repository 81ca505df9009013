"""The page: whole, closed to the network, and deaf to what names say."""
import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from mmcomp.visualization.report_page import render_page
from mmcomp.visualization.report_page.charts import class_counts, waterfall
from mmcomp.visualization.report_page.graph import GAP, ROW, WIDTH, draw_graph
from mmcomp.visualization.report_page.page import duration

EVIL = '</script><script>alert("x")</script><img src=x onerror=alert(1)>'
EMPTY = dict(title='', recipe='', folder='', failures=[],
             headline=dict(final=None, gain=None, best=None, submission=None), ladders=[], board=[], stages=[],
             curves=[], classes=None, counts=[], members=None, runs=[], versions=[], notes=[])


def instance(name, state='done'):
    return dict(name=name, axes='', state=state, seconds=12., started=0., key='k', config='c', code='d', note=name,
                reason='', files=[dict(name=name, size=1, sha256='f' * 64)])


def full(name: str, models: int = 2, points: int = 3, classes: int = 4) -> dict:
    """A report with every part, in which ``name`` is all that a user could name."""
    score = dict(value=.5, low=.4, high=.6, samples=100, note=name)
    names = [f'{name}{i}' for i in range(models)]
    rungs = [dict(name=name, accuracy=.5, error=.01, gain=None, gain_error=None, over=None),
             dict(name=name, accuracy=.6, error=.01, gain=.1, gain_error=.01, over=name)]
    runs = [dict(name=n, group=n, x=list(range(points)), y=np.random.default_rng(0).random(points).round(5).tolist())
            for n in names]
    matrix = np.full((models, models), .5).tolist()
    return dict(
        title=name, recipe=name, folder=name,
        headline=dict(final=dict(score, name=name), gain=dict(value=.1, low=0., high=.2, over=name),
                      best=dict(score, name=name, on='oof'),
                      submission=dict(stage=name, file=name, sha256='ab', rows=1, classes=1)),
        failures=[dict(name=name, state='failed', reason=name, waiting=[name], lines=[name], log=name, command=name)],
        ladders=[dict(stage=name, rungs=rungs)],
        board=[dict(name=n, kind='model', stages=[name], oof=score, val=None, test=score) for n in names],
        stages=[dict(name=name, type=name, needs=[], settings=name, instances=[instance(name, 'failed')]),
                dict(name='b', type='Train', needs=[name], settings='', instances=[instance(n) for n in names])],
        curves=[dict(key=key, runs=runs) for key in ('loss', name)],
        classes=dict(what=name, total=2, rows=[dict(label=0, name=name, count=4, right=1, mistaken=[(name, 3)], images=[
            dict(uri='data:image/jpeg;base64,' + 'A' * 2500, id=name, said=name)])] * 10),
        counts=[dict(stage=name, samples=10, changed=2, before=[2] * classes, after=[3] * classes)],
        members=dict(stage=name, names=names, rows=5, weights=[.5] * models, correlation=matrix, agreement=matrix),
        runs=[dict(id=1, started=0., ended=9., command=name, recipe=name, git=name, state='done', versions={})],
        versions=[(name, name)], notes=[name])


class Reader(HTMLParser):
    """Collects tags and their attributes."""

    def __init__(self, page: str):
        super().__init__()
        self.tags = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))


@pytest.fixture(scope='module')
def evil():
    return render_page(full(EVIL))


def policy_of(page: str) -> str:
    return next(a['content'] for _, a in Reader(page).tags if a.get('http-equiv') == 'Content-Security-Policy')


def scripts(page):
    return re.findall(r'<script>(.*?)</script>', page, re.S)


def test_names_are_shown_and_not_obeyed(evil):
    tags = Reader(evil).tags
    assert not [attributes for _, attributes in tags if any(name.startswith('on') for name in attributes)]
    assert sum(tag == 'script' for tag, _ in tags) == 3  # data, Vega, ours
    assert all(attributes['src'].startswith('data:image/jpeg;base64,') for tag, attributes in tags if tag == 'img')
    assert '&lt;img src=x' in evil and '<img src=x' not in evil
    assert json.loads(re.search(r'id="specs">(.*?)</script>', evil, re.S)[1])['waterfall0']


def test_the_page_asks_the_network_for_nothing(evil):
    for tag, attributes in Reader(evil).tags:
        for name in ('src', 'href', 'srcset', 'data', 'action', 'poster'):
            value = attributes.get(name) or ''
            assert value == '' or value.startswith(('data:', '#')), f'<{tag} {name}={value}>'
        assert tag not in ('iframe', 'object', 'embed', 'base')
    style = re.search(r'<style>(.*?)</style>', evil, re.S)[1]
    assert 'url(' not in style and '@import' not in style


def test_the_policy_admits_the_page_s_own_scripts_alone(evil):
    policy = policy_of(evil)
    assert policy.startswith("default-src 'none'") and 'unsafe-eval' not in policy
    admitted = policy.partition('script-src')[2].split()
    assert 'http' not in policy and len(admitted) == 2
    for script in scripts(evil):
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in admitted


def test_every_chart_has_its_place(evil):
    specs = json.loads(re.search(r'id="specs">(.*?)</script>', evil, re.S)[1])
    ids = [a['id'] for _, a in Reader(evil).tags if 'id' in a]
    assert set(specs) == {'waterfall0', 'curve0', 'curve1', 'counts0', 'correlation'}
    assert all(ids.count(name) == 1 for name in specs)


def test_pictures_have_words_and_tables_have_headers(evil):
    tags = Reader(evil).tags
    assert all(a.get('alt') for tag, a in tags if tag == 'img')
    assert all(a.get('scope') for tag, a in tags if tag == 'th')
    assert all(a.get('aria-label') for tag, a in tags if tag == 'svg')


def test_twenty_models_stay_below_three_megabytes():
    page = render_page(full('a model of some length, seed 1', models=20, points=100, classes=5000))
    assert len(page.encode()) < 3e6


def test_a_report_of_nothing_is_a_page_without_scripts():
    page = render_page(EMPTY)
    assert '<script' not in page and policy_of(page).endswith("script-src 'none'")


def test_the_specifications_compile():
    import vl_convert
    page = render_page(full('m', models=12))
    for spec in json.loads(re.search(r'id="specs">(.*?)</script>', page, re.S)[1]).values():
        vl_convert.vegalite_to_vega(dict(spec, width=300), vl_version='6.4')


def test_bars_of_the_waterfall_go_from_step_to_step():
    rungs = [dict(name='a', accuracy=.5, error=0.),
             dict(name='b', accuracy=.4, error=0., gain=-.1, gain_error=0., over='a')]
    first, second = waterfall(rungs)['data']['values']
    assert first['way'] == 'start' and (second['before'], second['value'], second['way']) == (50., 40., 'less')


def test_ranked_counts_keep_their_ends():
    rows = class_counts(list(range(5000)), [7] * 5000)['data']['values']
    before = [row for row in rows if row['labels'] == 'before']
    assert before[0]['samples'] == 4999 and before[-1] == dict(labels='before', rank=5000, samples=0)
    assert len(before) <= 300 and all(row['samples'] == 5000 - row['rank'] for row in before)


def test_stages_stand_below_what_they_need_and_apart():
    rng = np.random.default_rng(0)
    names = [f's{i}' for i in range(30)]
    needs = {name: [str(n) for n in rng.choice(names[:i], min(i, 3), replace=False)] for i, name in enumerate(names)}
    drawing = draw_graph(needs)
    assert set(drawing.boxes) == set(names)
    for name, wanted in needs.items():
        assert all(drawing.boxes[need][1] + ROW <= drawing.boxes[name][1] for need in wanted)
    places = sorted(drawing.boxes.values(), key=lambda p: (p[1], p[0]))
    assert all(b[0] - a[0] >= WIDTH + GAP - .1 for a, b in zip(places, places[1:]) if a[1] == b[1])
    assert all(0 <= x <= drawing.width - WIDTH + .1 for x, _ in places)


def test_implied_needs_are_not_drawn():
    drawing = draw_graph(dict(a=[], b=['a'], c=['b', 'a']))
    assert [(a, b) for a, b, _ in drawing.edges] == [('a', 'b'), ('b', 'c')]


def test_times_are_short():
    assert [duration(s) for s in (None, .31, 48, 720, 11100)] == ['', '0.3 s', '48 s', '12 min', '3 h 05']
