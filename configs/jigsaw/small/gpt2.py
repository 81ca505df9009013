# mmcomp run configs/jigsaw/recipe_small.py            (a GPT-2 of two layers from nothing; seconds on a CPU)
_base_ = ['../../_base_/runtime/default.py', '../../_base_/pipelines/jigsaw_small.py']
data_preprocessor = dict(type='TokenDataPreprocessor')
model = dict(
    type='SequenceClassifier',
    backbone=dict(type='HuggingFaceTextEncoder', config=dict(
        model_type='gpt2', vocab_size=1000, n_embd=48, n_layer=2, n_head=2, n_positions=48, bos_token_id=0,
        eos_token_id=0, pad_token_id=0)),
    neck=dict(type='SequencePooling', mode=['mean', 'max']),
    head=dict(type='BinaryTasksHead', num_classes=6, in_channels=96, dropout=0.4))
train_dataloader = dict(dataset=dict(truncation='tail'))
val_dataloader = dict(dataset=dict(truncation='tail'))
test_dataloader = dict(dataset=dict(truncation='tail'))
default_hooks = dict(logger=dict(interval=10), checkpoint=dict(max_keep_ckpts=4))
