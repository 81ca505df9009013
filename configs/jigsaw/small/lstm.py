# mmcomp run configs/jigsaw/recipe_small.py            (a small LSTM on word vectors that it learns; seconds on a CPU)
_base_ = ['../../_base_/runtime/default.py', '../../_base_/pipelines/jigsaw_small.py']
vocab = 'data/jigsaw/small/words.txt'
words = dict(
    truncation='tail', tokenizer=dict(_delete_=True, type='Words', vocab=vocab, lower_case=True),
    text_transforms=[dict(type='IsolateSymbols', sets=['symbols'])])
data_preprocessor = dict(type='TokenDataPreprocessor')
model = dict(
    type='SequenceClassifier',
    backbone=dict(type='BiLSTMEncoder', vocab=vocab, width=32, frozen=False, hidden_channels=24, spatial_dropout=0.1),
    neck=dict(type='ResidualDense', in_channels=96),
    head=dict(
        type='BinaryTasksHead', num_classes=6, in_channels=96, dropout=0.0,
        loss=dict(type='WeightedMultiTaskBCELoss', task_weights=[1.0] + [1 / 5] * 5, weighted_tasks=[0])))
train_dataloader = dict(batch_size=32, dataset=words)
val_dataloader = dict(dataset=words)
test_dataloader = dict(dataset=words)
optim_wrapper = dict(optimizer=dict(lr=1e-2))
train_cfg = dict(max_epochs=6)
default_hooks = dict(logger=dict(interval=10), checkpoint=dict(max_keep_ckpts=4))
