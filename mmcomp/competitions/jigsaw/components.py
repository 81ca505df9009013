"""What configs of this competition name; importing it registers it."""
from mmcomp.competitions.jigsaw.jigsaw_bias_metric import JigsawBiasMetric
from mmcomp.competitions.jigsaw.jigsaw_dataset import JigsawDataset

__all__ = ['JigsawBiasMetric', 'JigsawDataset']
