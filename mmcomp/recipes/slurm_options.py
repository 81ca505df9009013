"""What a stage asks of a Slurm cluster."""
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from mmcomp.errors import ConfigError, did_you_mean, fault


@dataclass(frozen=True)
class SlurmOptions:
    """A recipe's ``slurm`` dict, and over it the stage's own.

    Args:
        partition: Where to; empty for the cluster's default.
        time: Limit of a job in Slurm's words (``8:00:00``); empty for the partition's.
        cpus: Cores for each GPU, or for a stage without one.
        gpus_per_node: A stage with more GPUs gets several nodes.
        gres: Ask for GPUs with ``--gres``; False on a cluster without.
        signal_before: Seconds before its end that a job is told; a training saves then and is queued again.
        max_requeue: How often a job may queue itself again.
        sbatch: More options, word by word: ``['--account=vision', '--exclude=node7']``.
    """
    partition: str = ''
    time: str = ''
    cpus: int = 4
    gpus_per_node: int = 8
    gres: bool = True
    signal_before: int = 120
    max_requeue: int = 100
    sbatch: Sequence[str] = ()

    @classmethod
    def of(cls, where: str, *levels: Mapping[str, Any]) -> 'SlurmOptions':
        """The options of all levels, later ones winning.

        Raises:
            ConfigError: If a key is unknown or a value of another kind.
        """
        known, merged = {f.name: f for f in fields(cls)}, {}
        for level in levels:
            for key, value in level.items():
                if key not in known:
                    raise ConfigError(f'{where}: slurm has no option `{key}`.{did_you_mean(key, known)} It has '
                                      f'{", ".join(known)}; all else goes into `sbatch`, word by word.')
                kind = known[key].type
                fits = isinstance(value, (list, tuple)) if kind not in (str, int, bool) else type(value) is kind
                if not fits:
                    raise ConfigError(fault(where, f'slurm.{key}', f'of type {getattr(kind, "__name__", "list")}',
                                            value, 'Correct it.'))
            merged.update(level)
        return cls(**merged)

    def words(self, gpus: int) -> list[str]:
        """Options of ``sbatch`` for a job on so many GPUs: a task each."""
        per_node = min(max(gpus, 1), self.gpus_per_node)
        nodes = -(-max(gpus, 1) // per_node)
        words = [f'--nodes={nodes}', f'--ntasks={max(gpus, 1)}', f'--ntasks-per-node={per_node}',
                 f'--cpus-per-task={self.cpus}', f'--signal=USR1@{self.signal_before}']
        words += [f'--gres=gpu:{per_node}'] if gpus and self.gres else []
        words += [f'--partition={self.partition}'] if self.partition else []
        words += [f'--time={self.time}'] if self.time else []
        return [*words, *self.sbatch]
