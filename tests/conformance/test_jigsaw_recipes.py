"""The Jigsaw recipes say what was published, and each trains, validates and predicts at a small width."""
import inspect

import numpy as np
import pytest
from mmengine.config import Config
from tokenizers.pre_tokenizers import ByteLevel

from mmcomp.apis import predict_table, train
from mmcomp.apis.config import load_config
from mmcomp.competitions.jigsaw.synthetic import write_competition
from mmcomp.datasets.word_vocabulary import split_words
from mmcomp.registry import MODELS, TRANSFORMS
from mmcomp.structures.embedding_building import build_embeddings
from mmcomp.structures.word_list import read_words
from mmcomp.tabular import read_columns

# Batch size and batches a step, steps, learning rate, most tokens, what is kept, tasks, dropout.
RECIPES = {
    'bert': dict(batch=(32, 1), end=84603, lr=2e-5, tokens=(220, 'head'), tasks=6),
    'gpt2': dict(batch=(16, 2), end=169206, lr=2e-5, tokens=(220, 'tail'), tasks=6),
    'lstm1': dict(batch=(512, 1), end=6, lr=1e-3, tokens=(220, 'tail'), tasks=6),
    'lstm2': dict(batch=(512, 1), end=5, lr=1e-3, tokens=(300, 'tail'), tasks=7),
}
TINY = dict(vocab_size=300, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8)


def default(cls, name):
    """A setting where a config does not say it."""
    return inspect.signature(cls).parameters[name].default


@pytest.mark.parametrize('name', RECIPES)
def test_published_settings(root, name):
    path, want = root / f'configs/jigsaw/{name}.py', RECIPES[name]
    assert len(path.read_text().splitlines()) < 35
    cfg = Config.fromfile(path)
    loader, optim, loop = cfg.train_dataloader, cfg.optim_wrapper, cfg.train_cfg
    assert (loader.batch_size, optim.get('accumulative_counts', 1)) == want['batch']
    assert loop.get('max_epochs', loop.get('max_iters')) == want['end'] and optim.optimizer.lr == want['lr']
    for kind in ('train', 'val', 'test'):
        dataset = cfg[f'{kind}_dataloader'].dataset
        assert (dataset.max_length, dataset.truncation) == want['tokens']
        assert ('sample_weight' in dataset) == (kind == 'train')
    head = cfg.model.head
    assert head.num_classes == want['tasks'] == len(loader.dataset.get('target_cols', range(6)))
    if name.startswith('lstm'):
        assert head.loss.weighted_tasks == [0] and sum(head.loss.task_weights) == pytest.approx(2)
        dropout, mode, gamma, fallback, weights = dict(
            lstm1=(.2, 'sequential', .55, False, 'readme'), lstm2=(.3, 'parallel', .6, True, 'quarter'))[name]
        backbone, neck = MODELS.get('BiLSTMEncoder'), MODELS.get('ResidualDense')
        assert cfg.model.backbone.spatial_dropout == dropout and cfg.param_scheduler[0].gamma == gamma
        assert cfg.model.backbone.get('case_fallback', default(backbone, 'case_fallback')) == fallback
        assert cfg.model.neck.get('mode', default(neck, 'mode')) == mode
        assert (default(backbone, 'hidden_channels'), default(backbone, 'num_layers')) == (128, 2)
        assert loader.dataset.sample_weight.mode == weights
        assert cfg.vocabulary.rebuild and cfg.model.backbone.vocab == loader.dataset.tokenizer.vocab
    else:
        assert cfg.param_scheduler[0].end == cfg.param_scheduler[1].begin == want['end'] // 20
        assert cfg.param_scheduler[1].end == want['end'] == 3 * cfg.default_hooks.checkpoint.interval
        assert loop.val_interval == cfg.default_hooks.checkpoint.interval
        # As published, but for the decay of BERT (.3) and the clipping of GPT-2 (none).
        assert (optim.optimizer.eps, head.dropout) == dict(bert=(1e-6, .1), gpt2=(1e-8, .4))[name]
        assert (optim.clip_grad.max_norm, optim.optimizer.weight_decay, head.init_cfg.std) == (1., .01, .02)


@pytest.mark.parametrize('name, words', [
    # Symbols alone, lower case; underscore, backtick and rupee gone after they parted words.
    ('lstm1', ['don', "'", 't', 'you', 'say', '"', 'no', '"', '!', 'ça', '—', 'va😀']),
    # Contractions in two, case kept, pictures and foreign letters gone, apostrophes not at the start of a word.
    ('lstm2', ['Do', "n't", 'you', 'say', '``', 'No', '``', '!', 'Ça', '—', 'va']),
])
def test_words_of_a_comment(root, name, words):
    dataset = Config.fromfile(root / f'configs/jigsaw/{name}.py').train_dataloader.dataset
    text = 'Don\'t you_say "No"!\tÇa—va😀'
    if name == 'lstm2':
        text = text.replace('_', ' ').replace('va', 'vaжا')
    for transform in dataset.text_transforms:
        text = TRANSFORMS.build(transform)(text)
    assert split_words(text.lower() if dataset.tokenizer.get('lower_case') else text) == words


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    folder, rng = tmp_path_factory.mktemp('jigsaw'), np.random.default_rng(0)
    write_competition(folder, train_rows=700, test_rows=20, words=60)
    texts = [text for name in ('train', 'test') for text in read_columns(folder / f'{name}.csv', ['comment_text'])[
        'comment_text']]
    words = sorted({word for text in texts for word in (text.lower() + ' ' + text).split()})
    for name, width in (('crawl', 3), ('glove', 2)):
        lines = [' '.join([word, *(f'{x:.3f}' for x in rng.normal(size=width))]) for word in words]
        (folder / f'{name}.txt').write_text('\n'.join(lines))
    build_embeddings([folder / 'crawl.txt', folder / 'glove.txt'], folder / 'store', tell=lambda line: None)
    ids = read_columns(folder / 'train.csv', ['id'])['id']
    (folder / 'train.txt').write_text('\n'.join(ids[:64]))
    (folder / 'val.txt').write_text('\n'.join(ids[64:]))
    return folder


def small(root, name, folder):
    """The recipe with a tiny model, few rows and two steps."""
    cfg = load_config(root / f'configs/jigsaw/{name}.py')
    words = dict(bert=dict(type='WordPiece', vocab=['[PAD]', '[UNK]', '[CLS]', '[SEP]', *'abcdefghijklmnopqrstuvwxyz',
                                                    *(f'##{c}' for c in 'abcdefghijklmnopqrstuvwxyz')]),
                 gpt2=dict(type='ByteLevelBPE', vocab=sorted(ByteLevel.alphabet()), merges=[]))
    for kind in ('train', 'val', 'test'):
        loader = cfg[f'{kind}_dataloader']
        loader.batch_size, loader.num_workers, loader.persistent_workers = 16 if kind == 'train' else 128, 0, False
        loader.dataset.update(data_root=str(folder), cache_dir=None, max_length=32)
        if name in words:
            loader.dataset.tokenizer = words[name]
        else:
            loader.dataset.tokenizer.vocab = str(folder / f'{name}.words')
        if kind != 'test':
            loader.dataset.id_list = f'{kind}.txt'
    backbone, cfg.train_cfg = cfg.model.backbone, dict(by_epoch=False, max_iters=2, val_interval=2)
    cfg.default_hooks.checkpoint = dict(type='CheckpointHook', interval=2, by_epoch=False)
    if name.startswith('lstm'):
        backbone.update(vocab=str(folder / f'{name}.words'), store=str(folder / 'store'), hidden_channels=2)
        cfg.model.neck.in_channels = cfg.model.head.in_channels = 8
    else:
        backbone.name_or_path = None
        backbone.config = dict(model_type=name, **(TINY if name == 'bert' else dict(
            vocab_size=300, n_embd=8, n_layer=1, n_head=2)))
        cfg.model.head.in_channels = 8 if name == 'bert' else 16
    return cfg


@pytest.mark.parametrize('name', RECIPES)
def test_two_steps_a_score_and_a_table(root, name, data, tool, tmp_path):
    cfg = small(root, name, data)
    if name.startswith('lstm'):
        cfg.dump(tmp_path / 'config.py')
        tool('fit_vocabulary').main([str(tmp_path / 'config.py')])
        words = read_words(data / f'{name}.words')[2:]
        assert all(word == word.lower() for word in words) == (name == 'lstm1')
    runner = train(cfg, work_dir=str(tmp_path / 'work'))
    scores = runner.message_hub.get_scalar('val/jigsaw/score').current()
    assert 0 <= scores <= 1
    weights = runner.train_dataloader.dataset.weights
    assert weights.mean() == pytest.approx(1, rel=1e-5) and len(weights) == 64 and weights.std() > 0
    table = predict_table(cfg, str(tmp_path / 'work/iter_2.pth'), str(tmp_path / 'test.pkl'), device='cpu')
    assert list(table.ids) == read_columns(data / 'test.csv', ['id'])['id'] and table.scores.shape[1] == RECIPES[name][
        'tasks']
    assert table.class_names[:2] == (('toxic', 'target') if name == 'lstm2' else ('target', 'severe_toxicity'))
    assert ((table.scores > 0) & (table.scores < 1)).all()
