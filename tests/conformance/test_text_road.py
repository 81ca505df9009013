"""A text classifier in under 35 lines goes through train, soup, test and ensemble, its layers at rates of their own."""
import numpy as np
import pandas as pd
import pytest

from mmcomp.predictions.tables import read_table

GOOD, BAD, OTHER = ['fine', 'kind', 'warm'], ['dull', 'cold', 'mean'], ['tree', 'road', 'sea', 'bird', 'stone', 'hill']
CONFIG = """\
_base_ = [
    '{base}/models/bert.py', '{base}/pipelines/text.py', '{base}/schedules/finetune_3e.py', '{base}/runtime/default.py']
texts = dict(
    data_root='{folder}', cache_dir='{folder}/tokens', max_length=16,
    tokenizer=dict(_delete_=True, type='WordPiece', vocab={vocab}))
model = dict(
    backbone=dict(name_or_path=None, pooler=False, config=dict(
        model_type='bert', vocab_size={size}, hidden_size=32, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=64, max_position_embeddings=32)),
    neck=dict(mode='mean'), head=dict(in_channels=32))
train_dataloader = dict(batch_size=16, num_workers=0, dataset=texts)
val_dataloader = dict(num_workers=0, dataset=texts)
test_dataloader = dict(num_workers=0, dataset=texts)
optim_wrapper = dict(
    optimizer=dict(lr=5e-3), constructor='MergedLayerDecayConstructor', paramwise_cfg=dict(layer_decay_rate=.9))
"""


def write_table(path, count, rng):
    rows = []
    for _ in range(count):
        label = int(rng.integers(2))
        words = [*rng.choice(OTHER, rng.integers(0, 12)), rng.choice(GOOD if label else BAD)]
        rows.append((' '.join(rng.permutation(words)), label))
    texts, labels = zip(*rows, strict=True)
    ids = [f'{path.stem}-{i}' for i in rng.permutation(count)]
    pd.DataFrame(dict(id=ids, text=texts, label=labels)).to_csv(path, index=False)
    return dict(zip(ids, labels, strict=True))


@pytest.fixture(scope='module')
def road(tmp_path_factory, root):
    folder, rng = tmp_path_factory.mktemp('text'), np.random.default_rng(0)
    truth = [write_table(folder / f'{name}.csv', count, rng) for name, count in (('train', 640), ('val', 40),
                                                                                ('test', 60))][-1]
    vocab = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', *GOOD, *BAD, *OTHER]
    config = folder / 'bert.py'
    config.write_text(CONFIG.format(base=root / 'configs/_base_', folder=folder, vocab=vocab, size=len(vocab)))
    assert len(config.read_text().splitlines()) < 35
    return folder, config, truth


def test_from_rows_to_an_ensemble(road, tool):
    folder, config, truth = road
    tool('train').main([str(config), '--work-dir', str(folder / 'work')])
    soup = folder / 'soup.pth'
    tool('model_soup').main(['--model-folder', str(folder / 'work'), '--last', '2', '--out', str(soup)])
    for name, checkpoint in (('last', folder / 'work/epoch_3.pth'), ('soup', soup)):
        tool('test').main([str(config), str(checkpoint), '--out', str(folder / f'{name}.pkl')])
    members = [str(folder / f'{name}.pkl') for name in ('last', 'soup')]
    tool('ensemble').main(['--pkls', *members, '--out', str(folder / 'both.pkl')])
    tables = [read_table(path) for path in (*members, folder / 'both.pkl')]
    for table in tables:
        assert sorted(table.ids) == sorted(truth) and table.class_names == ('0', '1')
        assert np.mean([truth[name] == label for name, label in zip(table.ids, table.labels(), strict=True)]) > 0.9
    np.testing.assert_allclose(tables[2].scores, (tables[0].scores + tables[1].scores) / 2, atol=1e-6)
