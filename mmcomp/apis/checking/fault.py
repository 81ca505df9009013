"""What the checker reports."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a config.

    Args:
        where: Dotted place in the config, ``train_dataloader.dataset.pipeline.2``.
        message: What must hold, what is there, and what to do.
        level: ``error``, ``warning``, or ``note`` for what can't be checked.
    """
    where: str
    message: str
    level: str = 'error'

    def __str__(self) -> str:
        return f'{self.where}: {self.message}'
