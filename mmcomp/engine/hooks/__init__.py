from .atomic_checkpoint_hook import AtomicCheckpointHook
from .class_counts_hook import ClassCountsHook
from .finite_loss_hook import FiniteLossHook
from .preemption_hook import PreemptionHook
from .progress_hook import ProgressHook
from .resumable_early_stopping_hook import ResumableEarlyStoppingHook

__all__ = [
    'AtomicCheckpointHook', 'ClassCountsHook', 'FiniteLossHook', 'PreemptionHook', 'ProgressHook',
    'ResumableEarlyStoppingHook',
]
