# Double stream: a Chinese BERT for the words, three decoder layers by which the frames ask it; mean over the frames.
# Weights: a folder of hfl/chinese-roberta-wwm-ext (config.json, model.safetensors or pytorch_model.bin).
model = dict(
    type='MultimodalClassifier',
    data_preprocessor=dict(type='ModalityDataPreprocessor'),
    encoders=dict(
        text=dict(type='HuggingFaceTextEncoder', name_or_path='checkpoints/chinese-roberta-wwm-ext'),
        frames=dict(type='FeatureProjector', in_channels=512, out_channels=768, norm=False, dropout=0.0)),
    fusion=dict(
        type='CrossAttentionDecoder', channels=768, num_layers=3, heads=12, ffn_channels=2048, dropout=0.1,
        query='frames', memory='text'),
    neck=dict(type='SequencePooling', mode='mean'),
    head=dict(type='DropoutLinearHead', num_classes=200, in_channels=768, dropout=0.0))
