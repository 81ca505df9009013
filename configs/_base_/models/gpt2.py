# GPT-2 small, mean and maximum over tokens. Weights: a folder of the published files (config.json, model.safetensors).
data_preprocessor = dict(type='TokenDataPreprocessor')
model = dict(
    type='SequenceClassifier',
    backbone=dict(type='HuggingFaceTextEncoder', name_or_path='checkpoints/gpt2'),
    neck=dict(type='SequencePooling', mode=['mean', 'max']),
    head=dict(type='BinaryTasksHead', num_classes=6, in_channels=1536, dropout=0.4))
