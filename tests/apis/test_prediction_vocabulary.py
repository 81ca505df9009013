"""Predictions with the words of the test set: those of the training where it knew the words, and better beyond."""
import numpy as np
import pandas as pd
import pytest
import torch
from mmengine.config import Config

from mmcomp.apis import predict_table, predict_tables
from mmcomp.apis.building import untrained_model
from mmcomp.errors import CheckpointError, ConfigError
from mmcomp.predictions.formats.parts import PartWriter
from mmcomp.structures.embedding_building import build_embeddings
from mmcomp.structures.word_list import write_words

WORDS = [f'word{n}' for n in range(20)]
TEXTS = ['Word3 word4, word5', 'word1', 'never-seen word2', '', 'word15 word16', 'word1 word17']


@pytest.fixture
def made(tmp_path):
    rng = np.random.default_rng(0)
    lines = [' '.join([word, *(f'{x:.3f}' for x in rng.normal(size=3))]) for word in [*WORDS, ',']]
    (tmp_path / 'v.txt').write_text('\n'.join(lines))
    build_embeddings([tmp_path / 'v.txt'], tmp_path / 'store', tell=lambda line: None)
    write_words(tmp_path / 'words.txt', ['[PAD]', '[UNK]', ',', *WORDS[:10]])
    pd.DataFrame(dict(id=[f'id{n}' for n in range(len(TEXTS))], text=TEXTS)).to_csv(tmp_path / 'test.csv', index=False)
    cfg = Config(dict(
        default_scope='mmcomp', vocabulary=dict(rebuild=True), model=dict(
            type='SequenceClassifier', neck=dict(type='ResidualDense', in_channels=16),
            backbone=dict(type='BiLSTMEncoder', vocab=str(tmp_path / 'words.txt'), store=str(tmp_path / 'store'),
                          hidden_channels=4),
            head=dict(type='BinaryTasksHead', num_classes=2, in_channels=16)),
        test_dataloader=dict(batch_size=4, num_workers=0, dataset=dict(
            type='TabularTextDataset', ann_file='test.csv', data_root=str(tmp_path), id_col='id',
            text_transforms=[dict(type='IsolateSymbols', symbols=',')],
            tokenizer=dict(type='Words', vocab=str(tmp_path / 'words.txt'), lower_case=True)))))
    torch.manual_seed(0)
    torch.save(dict(state_dict=untrained_model(cfg).state_dict()), tmp_path / 'model.pth')
    return cfg, tmp_path


def flushed(add):
    def method(writer, *args):
        add(writer, *args)
        writer.flush()

    return method


def scores(cfg, folder, rebuild, **how):
    cfg.vocabulary.rebuild = rebuild
    return predict_table(cfg, str(folder / 'model.pth'), str(folder / f'{rebuild}.pkl'), device='cpu', **how).scores


def test_shared_words_as_before_and_new_ones_by_their_vectors(made, capsys):
    cfg, folder = made
    before, after = scores(cfg, folder, False), scores(cfg, folder, True)
    np.testing.assert_allclose(after[:4], before[:4], rtol=1e-5)
    assert (np.abs(after[4:] - before[4:]) > 1e-5).any(axis=1).all()
    # `word16` is a known word in the end, and `never-seen` is in no store.
    assert 'vocabulary of what is predicted: 11 words, 90.91 % of it' in capsys.readouterr().out
    assert cfg.model.backbone.vocab == str(folder / 'words.txt'), 'the config is not changed'
    # No vocabulary of the training is needed any more; another table may be predicted.
    (folder / 'words.txt').unlink()
    pd.DataFrame(dict(id=['a', 'b'], text=['word17 word1', 'word15 WORD16'])).to_csv(folder / 'other.csv', index=False)
    np.testing.assert_allclose(scores(cfg, folder, True, ann=str(folder / 'other.csv'))[1], after[4], rtol=1e-5)


def test_models_of_several_configs_have_the_same_words(made):
    cfg, folder = made
    alone = scores(cfg, folder, True)
    other = Config(cfg.to_dict())
    other.model.neck.mode, other.vocabulary.rebuild = 'parallel', False
    tables = predict_tables(cfg, [str(folder / 'model.pth')], [str(folder / f'{n}.pkl') for n in range(2)],
                            device='cpu', others=[(other, str(folder / 'model.pth'))])
    np.testing.assert_allclose(tables[0].scores, alone, rtol=1e-5)
    other.vocabulary.rebuild = True
    np.testing.assert_allclose(tables[1].scores, scores(other, folder, True), rtol=1e-5)
    assert np.abs(tables[0].scores - tables[1].scores).max() > 1e-5


def test_a_killed_run_goes_on(made, monkeypatch, capsys):
    cfg, folder = made
    whole = scores(cfg, folder, True)
    from mmcomp.apis import prediction
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        real, calls = prediction.batch_scores, []

        def stop(models, data):
            calls.append(data)
            if len(calls) > 1:
                raise KeyboardInterrupt
            return real(models, data)

        patched.setattr(prediction, 'batch_scores', stop)
        patched.setattr(PartWriter, 'add', flushed(PartWriter.add))
        scores(cfg, folder, True)
    np.testing.assert_allclose(scores(cfg, folder, True), whole, rtol=1e-5)
    assert 'going on, 4 samples are done' in capsys.readouterr().out


def test_trained_vectors_are_of_one_vocabulary(made):
    cfg, folder = made
    trained = cfg.to_dict()
    trained['model']['backbone']['frozen'] = False
    with pytest.raises(ConfigError, match='vectors that were trained are of one vocabulary alone'):
        scores(Config(trained), folder, True)
    torch.save(dict(state_dict=untrained_model(Config(trained)).state_dict()), folder / 'model.pth')
    with pytest.raises(CheckpointError, match='these word vectors were trained'):
        scores(cfg, folder, True)
    other = cfg.to_dict()
    other['model']['backbone'] = dict(type='HuggingFaceTextEncoder', config=dict(model_type='bert'))
    with pytest.raises(ConfigError, match='Set rebuild=False'):
        scores(Config(other), folder, True)
