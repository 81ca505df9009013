import copy

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmcomp.apis import build, load_model, predict, predict_table, predict_tables, prediction_data
from mmcomp.apis.building import prediction_config
from mmcomp.apis.config import load_config
from mmcomp.apis.prediction import _digest
from mmcomp.apis.prediction_data import prediction_loader
from mmcomp.datasets import TabularTextDataset
from mmcomp.errors import CheckpointError, ConfigError, TableError
from mmcomp.predictions.formats import parts
from mmcomp.registry import DATASETS


@pytest.fixture()
def toy(toy_run):
    cfg = load_config(toy_run[0])
    return cfg, str(toy_run[1] / 'epoch_2.pth')


def by_hand(cfg, checkpoint, paths):
    """Scores of images, one at a time and without data set, loader or table."""
    model, _ = load_model(cfg, checkpoint)
    rows = []
    for path in paths:
        image = torch.from_numpy(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE))[None, None].float()
        with torch.no_grad():
            rows.append(model((image - 127.5) / 127.5, mode='tensor'))
    return torch.softmax(torch.cat(rows), 1).numpy()


def test_a_table_holds_each_sample_once_with_the_models_own_scores(toy, tmp_path):
    cfg, checkpoint = toy
    table = predict_table(cfg, checkpoint, str(tmp_path / 'x.pkl'))
    root = cfg.val_dataloader.dataset.image_root
    np.testing.assert_allclose(table.scores, by_hand(cfg, checkpoint, [f'{root}/{i}' for i in table.ids]), atol=1e-6)
    assert table.classes == ('above', 'below') and len(table) == 32
    truth = np.array([i.startswith('below') for i in table.ids])
    assert table.origin['val_score'] == (table.labels() == truth).mean() > .9
    assert not parts.parts_folder(tmp_path / 'x.pkl').exists()


def test_options_of_a_test_loader_that_is_not_there_change_the_validation_loader(toy):
    cfg, _ = toy
    cfg.test_dataloader = dict(num_workers=3)
    found = prediction_config(cfg).test_dataloader
    assert found.num_workers == 3 and found.dataset == cfg.val_dataloader.dataset
    assert found.batch_size == cfg.val_dataloader.batch_size != 0 and 'dataset' not in cfg.test_dataloader


def test_a_folder_and_a_list_give_the_same_scores(toy, tmp_path):
    cfg, checkpoint = toy
    root = cfg.val_dataloader.dataset.image_root
    whole = predict_table(cfg, checkpoint, str(tmp_path / 'x.pkl'))
    folder = predict_table(cfg, checkpoint, str(tmp_path / 'y.pkl'), folder=f'{root}/below')
    (tmp_path / 'l.txt').write_text('below/3.png 1\nabove/0.png 0\n')
    listed = predict_table(cfg, checkpoint, str(tmp_path / 'z.pkl'), ann=str(tmp_path / 'l.txt'), image_root=root)
    row = {name: scores for name, scores in zip(whole.ids, whole.scores)}
    assert folder.classes == ('above', 'below') and len(folder) == 16 and 'val_score' not in folder.origin
    np.testing.assert_allclose(folder.scores, [row[f'below/{i}'] for i in folder.ids], atol=1e-6)
    np.testing.assert_allclose(listed.scores, [row['below/3.png'], row['above/0.png']], atol=1e-6)


def test_a_killed_run_goes_on_to_the_same_table(toy, tmp_path, monkeypatch):
    cfg, checkpoint = toy
    cfg.val_dataloader.batch_size = 4
    whole = predict_table(cfg, checkpoint, str(tmp_path / 'x.pkl'))
    add, calls = parts.PartWriter.add, []

    def dying(self, rows, scores):
        calls.append(list(rows))
        if len(calls) == 4:
            raise KeyboardInterrupt
        add(self, rows, scores)
        self.flush()

    monkeypatch.setattr(parts.PartWriter, 'add', dying)
    with pytest.raises(KeyboardInterrupt):
        predict_table(cfg, checkpoint, str(tmp_path / 'y.pkl'))
    assert not (tmp_path / 'y.pkl').exists()
    calls.clear()
    monkeypatch.setattr(parts.PartWriter, 'add', lambda self, *batch: calls.append(batch) or add(self, *batch))
    again = predict_table(cfg, checkpoint, str(tmp_path / 'y.pkl'))
    assert len(calls) == 5, 'three of eight batches were done'
    assert np.array_equal(again.ids, whole.ids) and np.array_equal(again.scores, whole.scores)


def test_checkpoints_of_one_pass_are_those_of_their_own(toy, toy_run, tmp_path, monkeypatch):
    cfg, checkpoint = toy
    cfg.val_dataloader.batch_size = 4
    checkpoints = [str(toy_run[1] / 'epoch_1.pth'), checkpoint]
    alone = [predict_table(cfg, c, str(tmp_path / f'{i}.pkl'), tta=True) for i, c in enumerate(checkpoints)]
    add, flush, told = parts.PartWriter.add, parts.PartWriter.flush, []

    def dying(self, rows, scores):
        told.append(self.folder.name)
        if len(told) == 6:
            raise KeyboardInterrupt
        add(self, rows, scores)
        flush(self)

    outs = [str(tmp_path / name) for name in ('a.pkl', 'b.pkl')]
    monkeypatch.setattr(parts.PartWriter, 'add', dying)
    with pytest.raises(KeyboardInterrupt):
        predict_tables(cfg, checkpoints, outs, tta=True)
    assert told == ['a.pkl.parts', 'b.pkl.parts'] * 3, 'the first table has a batch more than the second'
    told.clear()
    monkeypatch.setattr(parts.PartWriter, 'add', lambda self, *new: told.append(self.folder.name) or add(self, *new))
    both = predict_tables(cfg, checkpoints, outs, tta=True)
    assert (told.count('a.pkl.parts'), told.count('b.pkl.parts')) == (5, 6)
    for table, other in zip(both, alone):
        np.testing.assert_array_equal(table.scores, other.scores)
        assert dict(table.origin, file='') == dict(other.origin, file='') and table.ids.tolist() == other.ids.tolist()
    assert not np.array_equal(both[0].scores, both[1].scores)
    with pytest.raises(TableError, match='2 different tables, one a checkpoint'):
        predict_tables(cfg, checkpoints, outs[:1] * 2)


def test_a_model_of_another_config_joins_the_pass(toy, toy_run, tmp_path):
    cfg, checkpoint = toy
    other = copy.deepcopy(cfg)
    other.model.head.topk = (1, )  # of no account here
    earlier = str(toy_run[1] / 'epoch_1.pth')
    alone = [predict_table(cfg, c, str(tmp_path / f'{i}.pkl')) for i, c in enumerate((checkpoint, earlier))]
    outs = [str(tmp_path / name) for name in ('a.pkl', 'b.pkl')]
    for table, expected in zip(predict_tables(cfg, [checkpoint], outs, others=[(other, earlier)]), alone):
        np.testing.assert_array_equal(table.scores, expected.scores)
        assert table.origin['checkpoint'] == expected.origin['checkpoint']
    other.val_dataloader.dataset.pipeline = other.val_dataloader.dataset.pipeline[:-1]
    with pytest.raises(ConfigError, match='others.*same data.*run of its own'):
        predict_tables(cfg, [checkpoint], outs, others=[(other, earlier)])


def test_views_are_averaged_in_logits(toy, tmp_path):
    cfg, checkpoint = toy
    root = cfg.val_dataloader.dataset.image_root
    table = predict_table(cfg, checkpoint, str(tmp_path / 'x.pkl'), tta=True)
    model, _ = load_model(cfg, checkpoint)
    image = torch.from_numpy(cv2.imread(f'{root}/{table.ids[5]}', cv2.IMREAD_GRAYSCALE))[None, None].float()
    image = (image - 127.5) / 127.5
    with torch.no_grad():
        logits = (model(image, mode='tensor') + model(image.flip(3), mode='tensor')) / 2
    np.testing.assert_allclose(table.scores[5], logits.softmax(1)[0], atol=1e-6)


def test_predict_classifies_files_and_arrays(toy):
    cfg, checkpoint = toy
    path = f'{cfg.val_dataloader.dataset.image_root}/below/1.png'
    one = predict(cfg, checkpoint, path)
    assert one['pred_class'] == 'below' and one['pred_label'] == 1 and one['pred_score'] == one['scores'].max()
    np.testing.assert_allclose(one['scores'], by_hand(cfg, checkpoint, [path])[0], atol=1e-6)
    array, viewed = predict(cfg, checkpoint, [cv2.imread(path, cv2.IMREAD_GRAYSCALE)[..., None]] * 2)
    np.testing.assert_allclose(array['scores'], one['scores'], atol=1e-6)
    assert predict(cfg, checkpoint, path, tta=True)['pred_label'] == 1


def test_what_does_not_fit_is_named(toy, tmp_path):
    cfg, checkpoint = toy
    three = copy.deepcopy(cfg)
    three.model.head.num_classes = 3
    with pytest.raises(CheckpointError, match=r'head.fc.weight has shape \(2, 120\), the model wants \(3, 120\)'):
        predict_table(three, checkpoint, str(tmp_path / 'x.pkl'))
    torch.save({'state_dict': {'head.fc.bias': torch.zeros(2)}}, tmp_path / 'part.pth')
    with pytest.raises(CheckpointError, match='missing: backbone.*more; not in the model: none'):
        load_model(cfg, str(tmp_path / 'part.pth'))
    with pytest.raises(TableError, match='.pkl'):
        predict_table(cfg, checkpoint, str(tmp_path / 'x.csv'))
    with pytest.raises(ConfigError, match='together'):
        predict_table(cfg, checkpoint, str(tmp_path / 'x.pkl'), folder='a', ann='b')
    with pytest.raises(ConfigError, match='head that supports it'):
        predict_table(cfg, checkpoint, str(tmp_path / 'x.pkl'), logit_adjustment_tau=1.)


def test_only_what_decides_scores_changes_the_digest(toy):
    cfg, _ = toy
    base = prediction_config(cfg)
    other = copy.deepcopy(base)
    other.optim_wrapper.optimizer.lr = 1.
    assert _digest(other) == _digest(base)
    other.model.head.topk = (2, )
    assert _digest(other) != _digest(base)


WORDS = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', *'abcdefgh']


@pytest.fixture
def texts(tmp_path):
    """A config of a tiny BERT with random weights, its checkpoint, and lengths by id."""
    rng = np.random.default_rng(0)
    lengths = dict(zip([f't{i}' for i in rng.permutation(30)], rng.integers(0, 20, 30).tolist()))
    rows = [f'{name},{" ".join(rng.choice(list("abcdefgh"), length))},{i % 2}'
            for i, (name, length) in enumerate(lengths.items())]
    (tmp_path / 'texts.csv').write_text('\n'.join(['id,text,label', *rows]))
    encoder = dict(model_type='bert', vocab_size=len(WORDS), hidden_size=16, num_hidden_layers=1,
                   num_attention_heads=2, intermediate_size=16, max_position_embeddings=32)
    dataset = dict(type='TabularTextDataset', ann_file=str(tmp_path / 'texts.csv'), id_col='id', target_col='label',
                   tokenizer=dict(type='WordPiece', vocab=WORDS))
    cfg = Config(dict(
        default_scope='mmcomp',
        model=dict(type='SequenceClassifier', neck=dict(type='SequencePooling', mode='cls'),
                   backbone=dict(type='HuggingFaceTextEncoder', config=encoder),
                   head=dict(type='DropoutLinearHead', num_classes=2, in_channels=16, init_cfg=None)),
        test_dataloader=dict(batch_size=4, num_workers=0, collate_fn=dict(type='pseudo_collate'), dataset=dataset)))
    return cfg, saved(cfg, tmp_path / 'text.pth'), lengths


def saved(cfg, path):
    """A checkpoint of the config's model with random weights, spread out so that scores differ."""
    torch.manual_seed(0)
    model = build(cfg.model.to_dict())
    state = {name: torch.randn_like(value) if value.is_floating_point() else value
             for name, value in model.state_dict().items()}
    torch.save(dict(state_dict=state), path)
    return str(path)


def test_texts_are_predicted_by_length_and_come_back_in_order(texts, tmp_path, monkeypatch):
    cfg, checkpoint, lengths = texts
    add, batches = parts.PartWriter.add, []
    monkeypatch.setattr(parts.PartWriter, 'add', lambda self, *batch: batches.append(batch) or add(self, *batch))
    table = predict_table(cfg, checkpoint, str(tmp_path / 'x.pkl'))
    in_turn = [list(lengths.values())[row] for rows, _ in batches for row in rows]
    assert table.ids.tolist() == list(lengths) and in_turn == sorted(lengths.values(), reverse=True)
    monkeypatch.setattr(TabularTextDataset, 'lengths', None)
    unsorted = predict_table(cfg, checkpoint, str(tmp_path / 'y.pkl'))
    assert [row for rows, _ in batches[len(batches) // 2:] for row in rows] == list(range(30))
    np.testing.assert_allclose(table.scores, unsorted.scores, atol=1e-6)
    assert np.ptp(table.scores[:, 0]) > .01 and 'val_score' in table.origin


def test_a_killed_prediction_of_texts_goes_on(texts, tmp_path, monkeypatch):
    cfg, checkpoint, _ = texts
    whole, add, calls = predict_table(cfg, checkpoint, str(tmp_path / 'x.pkl')), parts.PartWriter.add, []

    def dying(self, rows, scores):
        calls.append(rows)
        if len(calls) == 4:
            raise KeyboardInterrupt
        add(self, rows, scores)
        self.flush()

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(parts.PartWriter, 'add', dying)
        predict_table(cfg, checkpoint, str(tmp_path / 'y.pkl'))
    again = predict_table(cfg, checkpoint, str(tmp_path / 'y.pkl'))
    assert np.array_equal(again.ids, whole.ids) and np.array_equal(again.scores, whole.scores)


def test_ranks_share_batches_of_like_length(texts, monkeypatch):
    cfg, _, lengths = texts
    dataset = build(cfg.test_dataloader.dataset.to_dict(), DATASETS)
    monkeypatch.setattr(prediction_data, 'get_world_size', lambda: 3)
    batches = []
    for rank in range(3):
        monkeypatch.setattr(prediction_data, 'get_rank', lambda rank=rank: rank)
        batches += list(prediction_loader(cfg, dataset, np.arange(30)).batch_sampler)
    assert sorted(row for batch in batches for row in batch) == list(range(30))
    assert sum(max(dataset.lengths[batch]) - min(dataset.lengths[batch]) for batch in batches) < 30


def test_another_table_and_several_tasks(texts, tmp_path):
    cfg, _, lengths = texts
    cfg.model.head.type = 'BinaryTasksHead'
    cfg.test_dataloader.dataset.update(target_col=None, target_cols=['toxic', 'insult'])
    checkpoint, names = saved(cfg, tmp_path / 'tasks.pth'), list(lengths)[:5]
    lines = (tmp_path / 'texts.csv').read_text().splitlines()[:6]
    (tmp_path / 'new.csv').write_text('\n'.join(line.rpartition(',')[0] for line in lines))
    table = predict_table(cfg, checkpoint, str(tmp_path / 'x.pkl'), ann=str(tmp_path / 'new.csv'))
    assert table.ids.tolist() == names and table.classes == ('toxic', 'insult') and table.kind == 'value'
    assert ((table.scores > 0) & (table.scores < 1)).all()
    for wrong in (dict(tta=True), dict(folder=str(tmp_path))):
        with pytest.raises(ConfigError, match='TabularTextDataset'):
            predict_table(cfg, checkpoint, str(tmp_path / 'y.pkl'), **wrong)
