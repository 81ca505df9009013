from .activation_checkpointing_hook import ActivationCheckpointingHook
from .atomic_checkpoint_hook import AtomicCheckpointHook
from .class_counts_hook import ClassCountsHook
from .compile_hook import CompileHook
from .finite_loss_hook import FiniteLossHook
from .preemption_hook import PreemptionHook
from .progress_hook import ProgressHook
from .resumable_early_stopping_hook import ResumableEarlyStoppingHook

__all__ = [
    'ActivationCheckpointingHook', 'AtomicCheckpointHook', 'ClassCountsHook', 'CompileHook', 'FiniteLossHook',
    'PreemptionHook', 'ProgressHook', 'ResumableEarlyStoppingHook',
]
