import copy

import cv2
import numpy as np
import pytest
import torch

from mmcomp.apis import load_model, predict, predict_table
from mmcomp.apis.building import prediction_config
from mmcomp.apis.config import load_config
from mmcomp.apis.prediction import _digest
from mmcomp.errors import CheckpointError, ConfigError, TableError
from mmcomp.predictions import parts


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
