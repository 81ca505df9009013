"""Test-time augmentation that averages the logits of the views."""
import torch
from mmengine.model import BaseTTAModel
from mmpretrain.structures import DataSample

from mmcomp.registry import MODELS


def average_views(probabilities: torch.Tensor) -> torch.Tensor:
    """Softmax of the views' mean logits, from their probabilities.

    A view's log probabilities are its logits less a constant, and softmax
    does not see constants, so the mean of the log probabilities serves.

    Args:
        probabilities: ``(V, C)``, one row a view, or ``(V, B, C)`` of B samples.

    Returns:
        ``(C,)`` or ``(B, C)``, rows of sum 1.
    """
    tiny = torch.finfo(probabilities.dtype).tiny
    return probabilities.clamp(min=tiny).log().mean(dim=0).softmax(dim=-1)


@MODELS.register_module()
class AverageLogitsTTA(BaseTTAModel):
    """Classify each view that ``tta_pipeline`` makes and average their logits.

    mmpretrain's ``AverageClsScoreTTA`` averages probabilities instead, which
    lets an unsure view count less against a sure one.

    Args:
        module: The classifier, or its config.
        data_preprocessor: Config for a classifier that has none.
    """

    def merge_preds(self, data_samples_list: list[list[DataSample]]) -> list[DataSample]:
        """The outer list has one entry an image, the inner one a view."""
        return [self._merge(views) for views in data_samples_list]

    def _merge(self, views):
        score = average_views(torch.stack([view.pred_score for view in views]).float())
        return views[0].new().set_pred_score(score).set_pred_label(score.argmax())
