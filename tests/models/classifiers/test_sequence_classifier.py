"""The whole flow, with a head that knows nothing of sequences."""
import torch
from mmpretrain.structures import DataSample

from mmcomp.registry import MODELS


def test_arcface_learns_from_tokens():
    torch.manual_seed(0)
    model = MODELS.build(dict(
        type='SequenceClassifier',
        backbone=dict(type='HuggingFaceTextEncoder', config=dict(
            model_type='bert', vocab_size=20, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
            intermediate_size=32)),
        neck=dict(type='SequencePooling', mode=['mean', 'max']),
        head=dict(type='ArcFaceHead', num_classes=2, in_channels=32, margin=0.1, scale=8.0)))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    # Token 3 anywhere is class 1.
    rows = [[4 + i % 5] * (1 + i % 4) + ([3] if i % 2 else [9]) for i in range(24)]
    data = dict(inputs=[torch.tensor(row) for row in rows],
                data_samples=[DataSample().set_gt_label(i % 2) for i in range(24)])
    for _ in range(25):
        optimizer.zero_grad()
        prepared = model.data_preprocessor(data, True)
        model(**prepared, mode='loss')['loss'].backward()
        optimizer.step()
    labels = [int(sample.pred_label) for sample in model.eval().test_step(data)]
    assert labels == [i % 2 for i in range(24)]
