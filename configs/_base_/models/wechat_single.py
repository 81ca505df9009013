# Single stream: frames through one linear layer into a Chinese BERT, before its words; mean over all tokens.
# Weights: a folder of hfl/chinese-roberta-wwm-ext (config.json, model.safetensors or pytorch_model.bin).
model = dict(
    type='MultimodalClassifier',
    data_preprocessor=dict(type='ModalityDataPreprocessor'),
    encoders=dict(
        text=dict(type='WordEmbeddings', name_or_path='checkpoints/chinese-roberta-wwm-ext'),
        frames=dict(type='FeatureProjector', in_channels=512, out_channels=768, norm=False, dropout=0.0)),
    fusion=dict(
        type='ConcatTransformer', name_or_path='checkpoints/chinese-roberta-wwm-ext', order=['frames', 'text']),
    neck=dict(type='SequencePooling', mode='mean'),
    head=dict(type='DropoutLinearHead', num_classes=200, in_channels=768, dropout=0.0))
