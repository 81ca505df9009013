# BERT base with its own pooling. Weights: a folder of the published files (config.json, model.safetensors).
data_preprocessor = dict(type='TokenDataPreprocessor')
model = dict(
    type='SequenceClassifier',
    backbone=dict(type='HuggingFaceTextEncoder', name_or_path='checkpoints/bert-base-uncased', pooler=True),
    neck=dict(type='SequencePooling', mode='pooler'),
    head=dict(type='DropoutLinearHead', num_classes=2, in_channels=768, dropout=0.1))
