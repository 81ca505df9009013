"""Configs of the models that the ladder on toxic texts trains from nothing."""
from pathlib import Path

from mmcomp.competitions.jigsaw.columns import TARGETS
from mmcomp.files import atomic_open
from mmcomp.recipes.road import Recipe
from mmcomp.testing.proofs.toxic_start import BERT, GPT2, WAYS, Effort, Started

TEXTS = """\
_base_ = ['{base}/pipelines/text.py', '{base}/schedules/finetune_3e.py', '{base}/runtime/default.py']
texts = dict(
    type='TabularTextDataset', nan_policy='keep', data_root='{root}', cache_dir='{root}/tokens',
    text_col='comment_text', target_col=None, target_cols={targets}, max_length={length}, {texts})
train_dataloader = dict(batch_size={batch_size}, num_workers=0, dataset=dict(weight_col='w1', **texts))
test_dataloader = dict(batch_size=128, num_workers=0, dataset=texts)
data_preprocessor = dict(type='TokenDataPreprocessor')
optim_wrapper = dict(optimizer=dict(lr={lr}, weight_decay={decay}))
train_cfg = dict(max_epochs={epochs})
"""
WARM_UP = """\
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-3, end=0.1 * {epochs}, by_epoch=True, convert_to_iter_based=True),
    dict(type='PolyLR', power=1.0, eta_min=0.0, begin=0.1 * {epochs}, end={epochs}, by_epoch=True,
         convert_to_iter_based=True)]
"""
# Adam, lr times a constant each epoch, as the published LSTMs.
FALLING = """\
param_scheduler = [dict(type='ExponentialLR', gamma={gamma}, by_epoch=True)]
"""
LSTM = """\
model = dict(
    type='SequenceClassifier',
    backbone=dict(type='BiLSTMEncoder', vocab='{vocab}', store='{store}', hidden_channels={hidden},
                  spatial_dropout={dropout}),
    neck=dict(type='ResidualDense', in_channels={joined}, mode='{dense}'),
    head=dict(type='BinaryTasksHead', num_classes=6, in_channels={joined}, dropout=0.0,
              loss=dict(type='WeightedMultiTaskBCELoss', task_weights={task_weights}, weighted_tasks=[0])))
"""
TRANSFORMER = """\
model = dict(
    type='SequenceClassifier',
    backbone=dict(type='HuggingFaceTextEncoder', {source}, pooler=False),
    neck=dict(type='SequencePooling', mode=['mean', 'max']),
    head=dict(type='BinaryTasksHead', num_classes=6, in_channels={joined}, dropout=0.3))
"""


def write_recipe(folder: Path, name: str, *parts: str, **how) -> Recipe:
    """A config made of templates, in a folder of its own."""
    path = folder / name / f'{name}.py'
    how = dict(targets=list(TARGETS), length=64, batch_size=64, lr=1e-3, decay=.01) | how
    with atomic_open(path) as file:
        file.write(''.join(parts).format(**how))
    return Recipe(path)


def recipes(folder: Path, base: Path, root: Path, started: Started, effort: Effort) -> dict[str, Recipe]:
    """The recipes ``lstm``, ``lstm2``, ``bert``, ``masked`` (the BERT that has guessed words first) and ``gpt2``.

    Args:
        folder: For the configs.
        base: The folder ``configs/_base_``.
        root: Of the tables.
        started: Vocabularies, vectors and weights.
        effort: Sizes and epochs.
    """
    def words(name: str) -> str:
        return (f"text_transforms={WAYS[name]!r}, tokenizer=dict(_delete_=True, type='Words', "
                f"vocab='{started.words(name)}', lower_case={name == 'lstm'})")

    both = dict(base=base, root=root)
    lstm = dict(both, store=started.store, hidden=effort.hidden, joined=4 * effort.hidden, epochs=effort.lstm, lr=4e-3)
    pieces = f"tokenizer=dict(_delete_=True, type='WordPiece', vocab='{started.pieces}')"
    pairs = f"truncation='tail', tokenizer=dict(_delete_=True, file='{started.pairs}')"
    bert = dict(both, texts=pieces, joined=2 * BERT['hidden_size'], epochs=effort.bert)
    return dict(
        lstm=write_recipe(folder, 'lstm', TEXTS, FALLING, LSTM, **lstm, texts=words('lstm'), gamma=.55,
                          vocab=started.words('lstm'), dropout=.2, dense='sequential', task_weights=[1] + [.2] * 5),
        lstm2=write_recipe(folder, 'lstm2', TEXTS, FALLING, LSTM, **lstm, texts=words('lstm2'), gamma=.6,
                           vocab=started.words('lstm2'), dropout=.3, dense='parallel', task_weights=[1] + [.2] * 5),
        bert=write_recipe(folder, 'bert', TEXTS, WARM_UP, TRANSFORMER, **bert,
                          source=f'config={started.bert_config()}'),
        masked=write_recipe(folder, 'masked', TEXTS, WARM_UP, TRANSFORMER, **bert,
                            source=f"name_or_path='{started.bert}'"),
        gpt2=write_recipe(folder, 'gpt2', TEXTS, WARM_UP, TRANSFORMER, **both, texts=pairs, joined=2 * GPT2['n_embd'],
                          epochs=effort.gpt2, source=f'config={started.gpt2_config()}'))
