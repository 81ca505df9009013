"""Training from a config: options merged, faults found first, then mmengine's Runner."""
import itertools
import os
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

from mmengine.config import Config
from mmengine.runner import Runner

from mmcomp.apis.config import load_config
from mmcomp.apis.formatter import load_formatter
from mmcomp.apis.host import adapt_to_host, set_dataloader_defaults
from mmcomp.apis.large_models import turn_on
from mmcomp.apis.launch import process_group
from mmcomp.apis.resuming import explained_failures, settle_start, use_resumable_parts
from mmcomp.apis.soft_targets import use_prediction_tables
from mmcomp.apis.transfer import forget_transfer, name_transfer
from mmcomp.apis.vocabulary_check import refuse_larger_vocabulary
from mmcomp.checkpoints.mmengine_loader import use_safe_loading
from mmcomp.engine.hooks.preemption_hook import restored_signals
from mmcomp.errors import CheckpointError, ConfigError, fault
from mmcomp.registry import RUNNERS

AMP_DTYPES = ('float16', 'bfloat16')
_TRAININGS = itertools.count()  # of this process


@dataclass(frozen=True)
class TrainOptions:
    """What a training's command line may change in its config.

    Args:
        work_dir: Folder of logs and checkpoints; by default the config's own,
            else ``work_dirs/<name of the config>``.
        load_from: Checkpoint whose weights the training starts from.
        resume: ``auto`` continues from the newest whole checkpoint of the work
            folder, and starts from the beginning where there is none; a path
            continues from that checkpoint.
        amp: Mixed precision on the GPU.
        amp_dtype: ``float16`` or ``bfloat16``; the config's, else ``float16``.
        auto_scale_lr: Scale the learning rate by the batch size of all ranks
            over the config's ``auto_scale_lr.base_batch_size``.
        validate: Whether to validate during training.
        pin_memory: ``False`` turns pinned memory off in all data loaders.
        persistent_workers: ``False`` ends the workers after each epoch.
        seed: Seed of all random numbers; the config's, else a random one.
        deterministic: Ask cuDNN for repeatable algorithms.
        fsdp, activation_checkpointing, compile, channels_last, accumulate: See
            :func:`mmcomp.apis.large_models.turn_on`.
    """
    work_dir: str | None = None
    load_from: str | None = None
    resume: str | None = None
    amp: bool = False
    amp_dtype: str | None = None
    auto_scale_lr: bool = False
    validate: bool = True
    pin_memory: bool = True
    persistent_workers: bool = True
    seed: int | None = None
    deterministic: bool = False
    fsdp: bool = False
    activation_checkpointing: bool = False
    compile: bool = False
    channels_last: bool = False
    accumulate: int | None = None


def train(cfg: Config | str | os.PathLike, *, launcher: str = 'none', check: bool = True, **options) -> Runner:
    """Train a model and return its Runner.

    The config's faults and missing files are reported before a process group
    is joined or a model is built. What the host can't do is adapted (see
    :func:`mmcomp.apis.host.adapt_to_host`). A training that was killed and is
    resumed ends as one that was not, see :mod:`mmcomp.apis.resuming`.

    Args:
        cfg: A config or the path of one; not changed.
        launcher: What started this process: ``none``, ``pytorch``, ``slurm`` or
            ``mpi``. A launcher named in the config is ignored.
        check: Whether to check the config first.
        **options: The fields of :class:`TrainOptions`.

    Raises:
        ConfigError: The config or an option is wrong; all faults at once.
        CheckpointError: A checkpoint to start from is missing or not whole.
        LaunchError: The job can't start as asked.
    """
    options = TrainOptions(**options)
    cfg = merge_options(cfg if isinstance(cfg, Config) else load_config(cfg), options)
    if check:
        refuse_faults(cfg)
    require_checkpoints(cfg)
    communication = (cfg.get('env_cfg') or {}).get('dist_cfg') or {}
    with process_group(launcher, communication.get('backend'), communication.get('timeout')):
        adapt_to_host(cfg, launcher)
        settle_start(cfg)
        forget_transfer(cfg)
        use_resumable_parts(cfg)
        use_safe_loading()
        use_prediction_tables()
        load_formatter()
        # mmengine names the log by the second, and two trainings of one second would write into one.
        cfg.setdefault('experiment_name', f'{Path(cfg.filename or "training").stem}-{next(_TRAININGS)}')
        with restored_signals(), explained_failures(cfg.work_dir):
            runner = RUNNERS.build(cfg)
            for loader in ('train_dataloader', 'val_dataloader'):
                refuse_larger_vocabulary(runner.model, cfg, loader)
            runner.train()
    return runner


# ---------------------------------------------------------------- options into the config


def merge_options(cfg: Config, options: TrainOptions) -> Config:
    """A copy of ``cfg`` with the options in it.

    ``cfg.resume`` becomes ``'auto'``, a path or ``None``;
    :func:`settle_start` turns it into what a Runner reads.
    """
    cfg = deepcopy(cfg)
    cfg.work_dir = options.work_dir or cfg.get('work_dir') or _default_work_dir(cfg)
    cfg.setdefault('default_scope', 'mmcomp')
    _merge_start(cfg, options)
    name_transfer(cfg)
    if options.amp:
        _merge_amp(cfg, options.amp_dtype)
    turn_on(cfg, options.fsdp, options.activation_checkpointing, options.compile, options.channels_last,
            options.accumulate)
    if options.auto_scale_lr:
        _merge_auto_scale_lr(cfg)
    if not options.validate:
        cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    cfg.randomness = cfg.get('randomness') or dict(seed=None)
    if options.seed is not None:
        cfg.randomness.seed = options.seed
    if options.deterministic:
        cfg.randomness.deterministic = True
    return set_dataloader_defaults(cfg, options.pin_memory, options.persistent_workers)


def _default_work_dir(cfg: Config) -> str:
    if not cfg.filename:
        raise ConfigError(fault('config', 'work_dir', 'given for a config that has no file', None,
                                'Pass work_dir=… .'))
    return os.path.join('work_dirs', Path(cfg.filename).stem)


def _merge_start(cfg: Config, options: TrainOptions) -> None:
    if options.load_from and options.resume not in (None, 'auto'):
        raise ConfigError(fault('--resume', 'resume', '`auto` beside --load-from', options.resume,
                                'Give one checkpoint to start from.'))
    from_file = cfg.get('load_from')
    cfg.load_from = options.load_from or from_file
    if options.resume:
        cfg.resume = options.resume
    elif cfg.get('resume'):
        # As mmengine reads it: `load_from` names the checkpoint to resume from.
        cfg.resume = 'auto' if options.load_from or not from_file else from_file
    else:
        cfg.resume = None


def _merge_amp(cfg: Config, dtype: str | None) -> None:
    if dtype not in (None, *AMP_DTYPES):
        raise ConfigError(fault('--amp', 'amp_dtype', f'one of {", ".join(AMP_DTYPES)}', dtype, 'Choose one.'))
    wrapper = cfg.get('optim_wrapper')
    kind = wrapper.get('type', 'OptimWrapper') if wrapper else None
    if kind not in ('OptimWrapper', 'AmpOptimWrapper'):
        raise ConfigError(fault('--amp', 'optim_wrapper.type', '`OptimWrapper` or `AmpOptimWrapper`', kind,
                                'Leave --amp out, or set the precision in the config.'))
    wrapper.type = 'AmpOptimWrapper'
    wrapper.dtype = dtype or wrapper.get('dtype') or 'float16'
    # bfloat16 has the range of float32: there is nothing to scale.
    wrapper.setdefault('loss_scale', 'dynamic' if wrapper.dtype == 'float16' else dict(enabled=False))


def _merge_auto_scale_lr(cfg: Config) -> None:
    if not (cfg.get('auto_scale_lr') or {}).get('base_batch_size'):
        raise ConfigError(fault('--auto-scale-lr', 'auto_scale_lr.base_batch_size', 'set in the config',
                                cfg.get('auto_scale_lr'), 'Add auto_scale_lr = dict(base_batch_size=…), the batch size '
                                'of all GPUs together that the learning rate is meant for.'))
    cfg.auto_scale_lr.enable = True


# ---------------------------------------------------------------- faults before hours are lost


def refuse_faults(cfg: Config) -> None:
    """Raise one error with all faults of a config; missing files count, but for those of the test set."""
    from mmcomp.apis.config_check import check_config
    later = {str(found) for found in check_config(cfg)
             if found.level == 'warning' and found.where.startswith('test_dataloader')}
    faults = [str(found) for found in check_config(cfg, strict=True) if found.level == 'error']
    faults = [found for found in faults if found not in later]
    if faults:
        listed = '\n'.join(f'({n}) {found}' for n, found in enumerate(faults, 1))
        raise ConfigError(f'{cfg.filename or "config"} has {len(faults)} fault{"s" * (len(faults) > 1)}:\n{listed}\n'
                          'Mend them, or train anyway with --skip-check.')


def require_checkpoints(cfg: Config) -> None:
    """Raise if a local checkpoint to start from is missing."""
    for option, path in (('--load-from', cfg.get('load_from')), ('--resume', cfg.get('resume'))):
        if not path or path == 'auto' or '://' in path:
            continue
        if not os.path.isfile(os.path.expanduser(path)):
            raise CheckpointError(f'{option}: no such checkpoint file: {path}. Check the path.')
