"""Registers what configs of this competition name."""
from mmcomp.competitions.wechat.wechat_dataset import WeChatDataset
from mmcomp.competitions.wechat.wechat_metric import WeChatMetric

__all__ = ['WeChatDataset', 'WeChatMetric']
