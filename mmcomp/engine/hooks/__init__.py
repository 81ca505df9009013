from .activation_checkpointing_hook import ActivationCheckpointingHook
from .adversarial_training_hook import AdversarialTrainingHook
from .atomic_checkpoint_hook import AtomicCheckpointHook
from .channels_last_hook import ChannelsLastHook
from .checkpoint_manifest_hook import CheckpointManifestHook
from .class_counts_hook import ClassCountsHook
from .compile_hook import CompileHook
from .deferred_runtime_info_hook import DeferredRuntimeInfoHook
from .finite_loss_hook import FiniteLossHook
from .preemption_hook import PreemptionHook
from .progress_hook import ProgressHook
from .resumable_early_stopping_hook import ResumableEarlyStoppingHook
from .swad_hook import SWADHook

__all__ = [
    'ActivationCheckpointingHook', 'AdversarialTrainingHook', 'AtomicCheckpointHook', 'ChannelsLastHook',
    'CheckpointManifestHook', 'ClassCountsHook', 'CompileHook', 'DeferredRuntimeInfoHook', 'FiniteLossHook',
    'PreemptionHook', 'ProgressHook', 'ResumableEarlyStoppingHook', 'SWADHook',
]
