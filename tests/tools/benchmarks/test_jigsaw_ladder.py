"""The ladder on toxic texts, on a few hundred made-up ones in the columns of the public sets."""
import csv
import gzip
import json

import numpy as np
import pandas as pd
import pytest

from mmcomp.competitions.jigsaw.columns import METRIC_IDENTITIES, TARGETS
from mmcomp.errors import DataError
from mmcomp.metrics.bias_auc import coded_groups
from mmcomp.structures import PredictionTable
from mmcomp.testing.proofs.toxic_blends import last, mixed, searched
from mmcomp.testing.proofs.toxic_ladder import read_rungs, with_weights, write_data
from mmcomp.testing.proofs.toxic_scores import HELD_OUT, Judge, Rung, compare_rungs
from mmcomp.testing.proofs.toxic_texts import PARTS, mentions, write_toxic_texts

GOOD, BAD = ['sun', 'tea', 'walk', 'train', 'book', 'rain', 'song'], ['grr', 'meh', 'zork', 'blarg']
WHO = ['women', 'men', 'gay', 'christian', 'jewish', 'muslim', 'black', 'white', 'autistic', 'tall', 'old']


def sentences(rng, count):
    """Texts, and which of them are bad."""
    bad = rng.random(count) < .5
    return [' '.join(rng.permutation([*rng.choice(GOOD, 4), rng.choice(WHO), *rng.choice(BAD if b else GOOD, 2)]))
            for b in bad], bad


def write(path, head, rows):
    path.parent.mkdir(exist_ok=True)
    with (gzip.open(path, 'wt', newline='') if path.suffix == '.gz' else open(path, 'w', newline='')) as file:
        csv.writer(file).writerows([head, *rows])


@pytest.fixture(scope='module')
def source(tmp_path_factory):
    """All six sets, some hundred rows each."""
    at, rng = tmp_path_factory.mktemp('sets'), np.random.default_rng(0)
    texts, bad = sentences(rng, 150)
    write(at / 'text_davidson/labeled_data.csv.gz',
          ['', 'count', 'hate_speech', 'offensive_language', 'neither', 'class', 'tweet'],
          [[row, 3, int(b), int(b), 3 - 2 * b, 2 - b, f'RT @x{row}: {t} &amp; so']
           for row, (t, b) in enumerate(zip(texts, bad))])
    texts, bad = sentences(rng, 150)
    civil = at / 'text_civil_toxic_spans'
    write(civil / 'comments.csv.gz', ['comment_id', 'comment_text'], enumerate(texts))
    write(civil / 'annotations.csv.gz', ['annotation', 'comment_id', 'worker', 'country', 'all toxic', 'not toxic'],
          [[3 * row + reader, row, reader, '', reader == 0 and b, reader == 2 or not b]
           for row, b in enumerate(bad) for reader in range(3)])
    write(civil / 'spans.csv.gz', ['annotation', 'type', 'start', 'end'],
          [[3 * row + 1, ['Insult', 'Threat'][row % 2], 0, 3] for row, b in enumerate(bad) if b])
    texts, bad = sentences(rng, 150)
    (at / 'text_toxigen_human').mkdir()
    with gzip.open(at / 'text_toxigen_human/toxiGen.json.gz', 'wt') as file:
        json.dump([dict(id=row, text=t, toxicity_score=1 + 3 * float(b),
                        target_groups=['women'] if row % 3 else ['asian'])
                   for row, (t, b) in enumerate(zip(texts, bad))], file)
    ends = ['is_abuse.-1', 'is_abuse.-2', 'is_abuse.-3', 'ableist', 'homophobic', 'intellectual', 'racist', 'sexist']
    for name in ('train.csv.gz', 'valid.csv', 'test.csv'):
        texts, bad = sentences(rng, 50)
        # The second reader saw each row twice, the eighth none.
        cells = [[''] * 8 if reader == 8 else ['1, 1' if reader == 2 else '1', *'0000000'] for reader in range(1, 9)]
        write(at / f'text_convabuse/ConvAbuseEMNLP{name}',
              ['prev_agent', 'agent', 'user', *(f'Annotator{reader}_{end}' for reader in range(1, 9) for end in ends)],
              [['how are you', 'go on', t, *(c if b else ('' if not c else '0') for cell in cells for c in cell)]
               for t, b in zip(texts, bad)])
    bias = at / 'text_bias_templates'
    write(bias / 'en_sentence_templates.csv.gz', ['template', 'toxicity', 'phrase'],
          [['name_adj', 'toxic', 'x is zork'], *(['being_adj', *pair] for who in WHO for pair in (
              ('toxic', f'being {who} is {bad}') if bad in BAD else ('nontoxic', f'being {who} is {bad}')
              for bad in (*BAD, *GOOD[:4])))])
    write(bias / 'madlib_words.csv', ['type', 'subtype', 'connotation', 'word'],
          [['identity', '', '', who] for who in (*WHO, 'nowhere')])
    write(bias / 'toxicity_nonfuzzed_testset.csv.gz', ['rev_id', 'comment', 'toxic'],
          [[row, f'NEWLINE_TOKEN {t}', bool(b)] for row, (t, b) in enumerate(zip(*sentences(rng, 40)))])
    write(at / 'text_hatecheck/test_suite_cases.csv', ['test_case', 'label_gold'],
          [[t, 'hateful' if b else 'non-hateful'] for t, b in zip(*sentences(rng, 40))])
    return at


def test_from_sets_to_tables(source, tmp_path, tool, capsys):
    args = [str(source), '--seeds', '0', '--rows', '60', '--lstm-epochs', '2', '--bert-epochs', '5',
            '--masked-epochs', '1', '--work-dir', str(tmp_path / 'work'), '--out', str(tmp_path / 'out.md')]
    tool('benchmarks/jigsaw_ladder').main(args)
    first, out = (tmp_path / 'out.md').read_text(), capsys.readouterr().out
    steps = [line.split(' | ')[0].strip('| ') for line in first.splitlines() if line.startswith('| ')]
    assert len(steps) == 2 * len(set(steps)) and {'TF-IDF', 'word vectors', 'searched weights'} <= set(steps)
    assert not any(word in out + first for word in (*BAD, 'walk', 'song')), 'texts stay in their files'
    rungs = {rung.name: rung for rung in read_rungs(tmp_path / 'work/seed0/rungs.json')}
    assert rungs['TF-IDF'].values['auc'] > .95 and all(rung.over in {None, *rungs} for rung in rungs.values())
    tool('benchmarks/jigsaw_ladder').main(args)
    assert capsys.readouterr().out.count('(done before)') > 20 and (tmp_path / 'out.md').read_text() == first


def test_missing_data_is_said(tmp_path, tool):
    with pytest.raises(DataError, match='no such file'):
        tool('benchmarks/jigsaw_ladder').main([str(tmp_path), '--work-dir', str(tmp_path / 'work')])


def test_the_tables_that_are_written(source, tmp_path):
    sizes = write_toxic_texts(source, tmp_path, rows=dict(civil=100, tweets=100, toxigen=100, chats=100))
    parts = {part: pd.read_csv(tmp_path / f'{part}.csv') for part in PARTS}
    table = pd.concat(parts.values())
    assert len(table) == 400 == sum(sizes[part] for part in PARTS) and table['id'].is_unique
    texts = [set(part['comment_text']) for part in parts.values()]
    assert not (texts[0] & texts[1] or texts[0] & texts[2] or texts[1] & texts[2])
    by_set = table.groupby('source')
    assert by_set['target'].agg(lambda s: (s >= .5).mean())['tweets'] == .5, 'as many of each'
    assert by_set['toxicity_annotator_count'].first().to_dict() == dict(civil=3, tweets=3, toxigen=3, chats=7)
    assert by_set['threat'].count().to_dict() == dict(civil=100, tweets=0, toxigen=0, chats=0)
    assert set(table.loc[table['source'] == 'civil', 'insult']) == {0, .5}, 'one of two marked it; the third no spans'
    assert set(table.loc[table['source'] == 'tweets', 'identity_attack'].round(2)) == {0, .33}
    assert table[['target', *METRIC_IDENTITIES]].isin([0, 1]).to_numpy()[:, 1:].all()
    assert (table.loc[table['source'] == 'toxigen', 'female'] == 1).mean() > .6
    assert len((tmp_path / 'unlabelled.txt').read_text().splitlines()) == 600 - 400 + 2
    everything = pd.read_csv(tmp_path / 'everything.csv')
    assert list(everything) == ['id', 'comment_text'] and not set(everything['id']) & set(parts['train']['id'])


def test_folds_and_weights(source, tmp_path):
    write_data(source, tmp_path, 0, 3, dict.fromkeys(('civil', 'tweets', 'toxigen', 'chats'), 60))
    train = pd.read_csv(tmp_path / 'train.csv')
    held = [pd.read_csv(tmp_path / f'fold{k}-held.csv') for k in range(3)]
    assert sorted(name for part in held for name in part['id']) == sorted(train['id'])
    raw = with_weights(train)
    names = raw[list(METRIC_IDENTITIES)].to_numpy().sum(axis=1)
    expected = np.where(raw['target'] >= .5, 10, 1 + 6 * names)
    np.testing.assert_allclose(raw['w1'], expected / expected.mean())
    assert pd.read_csv(tmp_path / 'fold0-train.csv')['w1'].mean() == pytest.approx(1)


def test_mentions_are_whole_words():
    found = mentions(['A black woman', 'blackbird', 'Mental health', 'the Jew and the Jews', 'manner'])
    assert {name: column.tolist() for name, column in found.items() if column.any()} == dict(
        female=[1, 0, 0, 0, 0], jewish=[0, 0, 0, 1, 0], black=[1, 0, 0, 0, 0],
        psychiatric_or_mental_illness=[0, 0, 1, 0, 0])


def test_a_perfect_model_and_one_that_hates_a_group(source, tmp_path):
    write_toxic_texts(source, tmp_path)
    judge = Judge(tmp_path)
    everything = pd.read_csv(tmp_path / 'everything.csv')
    truth = pd.concat([pd.read_csv(tmp_path / f'{name}.csv')
                       for name in ('val', 'test', 'templates', 'hatecheck', 'wikipedia')])
    scores = truth.set_index('id')['target'].reindex(everything['id']).to_numpy()
    perfect = judge.judge(everything['id'].tolist(), scores)
    assert set(perfect.values()) == {1.}
    biased = scores + 2. * everything['comment_text'].str.contains('being muslim').to_numpy()
    found = judge.judge(everything['id'].tolist(), biased)
    # For the ten others, 4 of the 40 harmless sentences of their backgrounds are above all.
    assert found['templates_bpsn'] == 0 and found['templates_subgroup'] == 1
    assert found['templates_bnsp'] == pytest.approx(.9)
    assert found['score'] == 1 and found['templates'] < 1


def test_searched_weights_leave_noise_out():
    rng = np.random.default_rng(0)
    truth, ids = rng.random(600) < .5, np.array([f'a{row}' for row in range(600)])
    tables = [PredictionTable(ids, column[:, None].astype(np.float32), 'value', TARGETS[:1])
              for column in (truth + rng.normal(0, 1, 600), rng.normal(0, 3, 600))]
    weights, refused = searched(tables, (ids, coded_groups(truth, rng.random((600, 2)) < .5)))
    assert not refused and weights[0] > .8
    assert mixed(tables, [2, 0]).scores == pytest.approx(tables[0].scores)


def test_gains_are_seed_by_seed():
    seeds = [[Rung('a', dict(score=.5 + seed)), Rung('b', dict(score=.6 + seed), 'a')] for seed in (0, .1)]
    rows = compare_rungs([seeds[0], [*seeds[1], Rung('c', {})]], dict(score=HELD_OUT['score']), 'score')
    assert rows[1:] == [['a', '55.00 ± 7.07', '', ''], ['b', '65.00 ± 7.07', '+10.00 ± 0.00', 'a']]


def test_last_is_the_newest(tmp_path):
    from mmcomp.predictions.tables import write_table
    paths = [tmp_path / f'{place}.pkl' for place in range(2)]
    for place, path in enumerate(paths):
        write_table(PredictionTable(['x'], np.full((1, 1), place, np.float32), 'value'), path)
    assert last(paths).scores.item() == 1
