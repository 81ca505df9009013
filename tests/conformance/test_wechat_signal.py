"""Both streams find what is planted in made-up videos, from the files to a fused table that is no worse than either."""
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate

import mmcomp.competitions.wechat.components  # noqa: F401  (registers)
from mmcomp.apis import build
from mmcomp.competitions.wechat.scoring import SCORE, official_score
from mmcomp.competitions.wechat.synthetic import Twin, write_twin
from mmcomp.competitions.wechat.taxonomy import LEAVES
from mmcomp.predictions.ensembles.ensembling import ensemble
from mmcomp.predictions.weight_search.gathering import gather
from mmcomp.predictions.weight_search.objective import Objective
from mmcomp.predictions.weight_search.simplex import simplex_weights
from mmcomp.registry import DATASETS
from mmcomp.structures import PredictionTable

TWIN = Twin(leaves=LEAVES[:2], labeled=480, unlabeled=1, test=1, imbalance=1.5, noise=0., width=16, telling=.8,
            clarity=6., common=12, missing=(.02, .1, .1, .02))
FOLDS, EPOCHS, WIDTH = 2, 20, 32


@pytest.fixture(scope='module')
def videos(tmp_path_factory):
    """A data set in the competition's files."""
    folder = tmp_path_factory.mktemp('twin')
    write_twin(folder, TWIN)
    return DATASETS.build(dict(
        type='WeChatDataset', data_root=str(folder), ann_file='annotations/labeled.json', leaves=TWIN.leaves,
        feature_zip='zip_feats/labeled.zip', feature_width=TWIN.width, no_frames='empty',
        tokenizer=dict(type='WordPiece', vocab=str(folder / 'vocab.txt')), pipeline=[
            dict(type='SampleFrames', max_frames=4), dict(type='AssembleText', max_length=20),
            dict(type='PackModalities')]))


def small(cfg: Config, words: int) -> torch.nn.Module:
    """A recipe's model, one layer and 32 numbers wide."""
    bert = dict(model_type='bert', vocab_size=words, hidden_size=WIDTH, num_hidden_layers=1, num_attention_heads=2,
                intermediate_size=64, max_position_embeddings=48)
    model = cfg.model.to_dict()
    model.pop('init_cfg')
    for part in (model['encoders']['text'], model['fusion']):
        if part.pop('name_or_path', None):
            part['config'] = bert
    if model['fusion']['type'] == 'CrossAttentionDecoder':
        model['fusion'].update(channels=WIDTH, num_layers=1, heads=2, ffn_channels=64)
    model['encoders']['frames'].update(in_channels=TWIN.width, out_channels=WIDTH)
    model['head'].update(num_classes=sum(TWIN.leaves), in_channels=WIDTH)
    torch.manual_seed(0)
    return build(model)


def predicted(net: torch.nn.Module, samples: list, train: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Train on some rows, predict the others: probabilities."""
    optimizer, random = torch.optim.AdamW(net.parameters(), lr=5e-3), np.random.default_rng(0)
    steps = EPOCHS * (len(train) // 24)
    falling = torch.optim.lr_scheduler.LinearLR(optimizer, 1., .02, steps)
    net.train()
    for _ in range(EPOCHS):
        for rows in np.array_split(random.permutation(train), len(train) // 24):
            losses = net(**net.data_preprocessor(pseudo_collate([samples[row] for row in rows]), True), mode='loss')
            optimizer.zero_grad()
            losses['loss'].backward()
            optimizer.step()
            falling.step()
    net.eval()
    with torch.inference_mode():
        logits = net(net.data_preprocessor(pseudo_collate([samples[row] for row in test]))['inputs'])
    return logits.softmax(dim=1).numpy()


def test_out_of_fold_both_streams_find_the_classes_and_fused_they_are_no_worse(videos, root):
    samples, truth = [videos[i] for i in range(len(videos))], np.asarray(videos.labels)
    words = 1 + max(int(sample['inputs']['text'].max()) for sample in samples)
    fold, tables = np.arange(len(samples)) % FOLDS, []
    for stream in ('single', 'double'):
        cfg = Config.fromfile(root / f'configs/wechat/{stream}-fixed.py')
        scores = np.empty((len(samples), sum(TWIN.leaves)), np.float32)
        for held in range(FOLDS):
            train, test = (np.flatnonzero(rows) for rows in (fold != held, fold == held))
            scores[test] = predicted(small(cfg, words), samples, train, test)
        tables.append(PredictionTable(videos.sample_ids, scores))
    alone = [official_score(table.labels(), truth) for table in tables]
    weights = simplex_weights(Objective.of(gather(tables, (videos.sample_ids, truth), SCORE)))
    fused = official_score(ensemble(tables, weights).labels(), truth)
    # Words tell the parent and a half of its leaves, frames the place among them: alone less than half of it all.
    assert min((table.labels() == truth).mean() for table in tables) > .6
    assert min(alone) > .7 and fused >= max(alone)
