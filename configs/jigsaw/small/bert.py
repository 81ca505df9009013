# mmcomp run configs/jigsaw/recipe_small.py            (a BERT of two layers from nothing; seconds on a CPU)
_base_ = ['../../_base_/runtime/default.py', '../../_base_/pipelines/jigsaw_small.py']
data_preprocessor = dict(type='TokenDataPreprocessor')
model = dict(
    type='SequenceClassifier',
    backbone=dict(type='HuggingFaceTextEncoder', config=dict(
        model_type='bert', vocab_size=1000, hidden_size=48, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=96, max_position_embeddings=48)),
    neck=dict(type='SequencePooling', mode=['mean', 'max']),
    head=dict(type='BinaryTasksHead', num_classes=6, in_channels=96, dropout=0.1))
default_hooks = dict(logger=dict(interval=10), checkpoint=dict(max_keep_ckpts=4))
