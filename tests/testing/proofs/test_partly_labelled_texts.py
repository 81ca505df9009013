import numpy as np
import torch

from mmcomp.apis.building import build
from mmcomp.models.losses import WeightedMultiTaskBCELoss
from mmcomp.registry import DATASETS

ROWS = [dict(text='a', target=.5, threat=''), dict(text='a b', target=1, threat=.25)]


def test_what_nobody_was_asked_is_not_counted():
    dataset = build(dict(type='mmcomp.testing.proofs.partly_labelled_texts.PartlyLabelledTexts', rows=ROWS,
                         target_cols=['target', 'threat'], tokenizer=dict(type='WordPiece', vocab=['[UNK]', 'a', 'b'])),
                    DATASETS)
    targets = torch.stack([dataset[row]['data_samples'].gt_score for row in range(2)])
    np.testing.assert_equal(targets.numpy(), np.array([[.5, np.nan], [1, .25]], np.float32))
    logits = torch.tensor([[0., 3.], [0., 0.]], requires_grad=True)
    WeightedMultiTaskBCELoss()(logits, targets).backward()
    assert logits.grad.isfinite().all() and logits.grad[0, 1] == 0 and logits.grad[1, 1] != 0
