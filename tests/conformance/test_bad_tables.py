"""Every command on tables, given what it can't use: one clear error that names it, and nothing written."""
import pickle

import numpy as np
import pytest

from mmcomp.annotations import write_list
from mmcomp.errors import MMCompError
from mmcomp.predictions.tables import write_table
from mmcomp.structures import PredictionTable

CLASSES = ('ant', 'bee', 'cat')
IDS = [f'd/{i}.jpg' for i in range(30)]


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """A good table ``a.pkl``, ``b.pkl`` with others, and many that are wrong in one way each."""
    folder, rng = tmp_path_factory.mktemp('bad'), np.random.default_rng(0)
    a, b = rng.dirichlet(np.ones(3), (2, 30)).astype(np.float32)
    nan, nameless = a.copy(), [f't/{i}.jpg' for i in range(30)]
    nan[3, 1] = np.nan
    tables = {
        'a': PredictionTable(IDS, a, classes=CLASSES), 'b': PredictionTable(IDS, b, classes=CLASSES),
        'test': PredictionTable(nameless, a, classes=CLASSES),
        'part': PredictionTable(IDS[:20], a[:20], classes=CLASSES),
        'nan': PredictionTable(IDS, nan, classes=CLASSES), 'twofold': PredictionTable(IDS, 2 * a, classes=CLASSES),
        'others': PredictionTable(IDS, a, classes=('ant', 'bee', 'eel')),
        'five': PredictionTable(IDS, rng.dirichlet(np.ones(5), 30).astype(np.float32)),
        'logit': PredictionTable(IDS, np.log(a), 'logit', CLASSES), 'embedding': PredictionTable(IDS, a, 'embedding'),
        'negative': PredictionTable(IDS, a - .5, 'value', CLASSES),
        'empty': PredictionTable([], a[:0], classes=CLASSES),
        'emptyvalue': PredictionTable([], a[:0], 'value', CLASSES),
    }  # yapf: disable
    for name, table in tables.items():
        write_table(table, folder / f'{name}.pkl')
    whole = (folder / 'a.pkl').read_bytes()
    (folder / 'torn.pkl').write_bytes(whole[:len(whole) // 2])
    content = dict(format='mmcomp.table', version=1, ids=np.array(IDS), scores=a, kind='probability')
    (folder / 'twice.pkl').write_bytes(pickle.dumps({**content, 'ids': np.array(IDS[:-1] + IDS[:1])}))
    (folder / 'whole.pkl').write_bytes(pickle.dumps({**content, 'scores': a.astype(int)}))
    write_list(folder / 'truth.txt', IDS, rng.integers(0, 3, 30))
    (folder / 'counts.csv').write_text('class,count\nant,10\nbee,10\ncat,10\n')
    (folder / 'sample.csv').write_text('id,class\n' + ''.join(f'{i},ant\n' for i in IDS))
    (folder / 'models.csv').write_text('name,seconds,gb,value\none,10,1,1\n')
    return folder


USES = {
    'ensemble': '--pkls {} b.pkl --out out.pkl', 'redistribute_labels': '{} --out out.csv',
    'create_pseudo': '{} --out out.txt', 'clean_labels': '{} --ann truth.txt --out out.csv',
    'search_weights': '{} b.pkl --truth truth.txt --out out.json',
    'make_submission': '{} --sample sample.csv --out out.csv',
    'boost_classes': '{} --counts counts.csv --out out.pkl',
}  # yapf: disable
WRONG = {'torn': 'not a whole pickle', 'twice': 'must be unique.*d/0.jpg', 'whole': 'int64', 'missing': 'no such file',
         'nan': 'must be finite.*d/3.jpg', 'twofold': 'a probability row', 'embedding': 'kind|one of the table'}
ALONE = {
    'part': {'ensemble': 'it has 30 samples', 'clean_labels': '10 of 30 rows have no prediction',
             'search_weights': 'lacks 10 of the 30', 'make_submission': '10 of 30 ids are not in it'},
    'empty': {'ensemble': 'it has 30 samples', 'redistribute_labels': '`samples` must be one or more',
              'create_pseudo': '`samples` must be one or more', 'clean_labels': 'such as none',
              'search_weights': 'lacks 30', 'make_submission': '30 of 30'},
    'emptyvalue': {'redistribute_labels': '`samples` must be one or more', 'create_pseudo': 'samples'},
    'logit': {'ensemble': 'kind', 'redistribute_labels': 'kind', 'create_pseudo': 'kind', 'clean_labels': 'kind',
              'search_weights': 'kind', 'boost_classes': 'kind'},
    'negative': {'redistribute_labels': 'not negative', 'clean_labels': 'kind', 'boost_classes': 'kind'},
    'others': {'ensemble': 'it lacks eel', 'search_weights': 'it lacks eel', 'boost_classes': 'one of the table'},
    'five': {'ensemble': 'b.pkl: .*5 columns', 'search_weights': '5 columns', 'boost_classes': 'one of the table'},
}


@pytest.mark.parametrize(('name', 'wrong', 'words'), [
    *((name, wrong, words) for name in USES for wrong, words in WRONG.items()),
    *((name, wrong, words) for wrong, found in ALONE.items() for name, words in found.items())])
def test_a_table_that_cant_be_used_is_named(tool, folder, monkeypatch, name, wrong, words):
    refused(tool, folder, monkeypatch, name, USES[name].format(f'{wrong}.pkl'), words)


@pytest.mark.parametrize(('name', 'line', 'words'), [
    ('ensemble', '--pkls a.pkl b.pkl --pkls-dir nowhere --out out.pkl', 'nowhere is no folder'),
    ('ensemble', '--pkls a.pkl b.pkl --method power --power 0 --out out.pkl', 'not zero'),
    ('ensemble', '--pkls a.pkl part.pkl --out out.pkl', '10 of 30 ids .*--partial mean'),
    ('ensemble', '--pkls negative.pkl --method geometric --out out.pkl', 'geometric needs scores that are not'),
    ('ensemble', '--pkls negative.pkl --method power --power 2 --out out.pkl', 'power needs scores that are not'),
    ('ensemble', '--pkls a.pkl --out out.csv --dump out.csv', None),
    ('table', 'diff a.pkl b.pkl --tolerance -1', None), ('table', 'diff a.pkl b.pkl --tolerance nan', None),
    ('create_pseudo', 'test.pkl --precision .9 --known five.pkl truth.txt --out out.txt', '3 columns'),
    ('create_pseudo', 'test.pkl --precision .9 --known others.pkl truth.txt --out out.txt', 'it lacks cat'),
    ('create_pseudo', 'test.pkl --max-per-class 0 --out out.txt', None),
    ('clean_labels', 'a.pkl --ann truth.txt --method low_confidence --below 2 --out out.csv', 'below.*got 2.0'),
    ('redistribute_labels', 'test.pkl --tune empty.pkl --truth truth.txt --out out.csv', 'empty.pkl has no samples'),
    ('redistribute_labels', 'test.pkl --strength much --out out.csv', None),
    ('redistribute_labels', 'test.pkl --plot out.xyz --out out.csv', None),
    ('search_weights', 'a.pkl ./a.pkl --truth truth.txt --out out.json', None),
    ('search_weights', 'a.pkl b.pkl --truth truth.txt --plot out.xyz --out out.json', None),
    ('boost_classes', 'a.pkl --counts counts.csv --plot out.xyz --out out.pkl', None),
    ('make_submission', 'a.pkl --sample torn.pkl --out out.csv', 'torn.pkl: not a CSV file'),
    ('make_submission', 'a.pkl --digits -1 --out out.csv', None),
    ('record_score', 'a.pkl .7 --out out.csv', 'can hold a score'),
    ('find_duplicates', 'truth.txt --out out.txt', '30 images can.t be read: d/0.jpg'),
    ('find_duplicates', 'truth.txt --threads 0 --out out.txt', None),
    ('split_folds', 'truth.txt --seed -1 --out-dir out', None),
    ('split_folds', 'counts.csv --label-col count --threshold nan --out-dir out', None),
    ('plan_inference', 'models.csv --max-seconds -5', 'not negative.*-5'),
    ('plan_inference', 'models.csv --max-gb nan', 'not negative.*nan'),
    ('model_soup', '--model-folder nowhere --out out.pth', 'nowhere: no such folder'),
    ('model_soup', '--model-folder . --last 0 --out out.pth', 'at least 1; got 0'),
    ('model_soup', '--models a.pth ./a.pth --out out.pth', 'averaged twice'),
])
def test_an_option_that_cant_be_used_is_named(tool, folder, monkeypatch, name, line, words):
    refused(tool, folder, monkeypatch, name, line, words)


def refused(tool, folder, monkeypatch, name, line, words):
    """Run a command in the folder: an error of the package with these words or, without words, of its options."""
    monkeypatch.chdir(folder)
    before = sorted(folder.iterdir())
    with pytest.raises(MMCompError if words else SystemExit, match=f'(?s){words}' if words else '^2$'):
        tool(name).main(line.split())
    assert sorted(folder.iterdir()) == before
