"""Making a config's training resumable, and finding where to go on.

On the CPU a training that was killed and resumed ends bit for bit as one that
was not; ``tools/benchmarks/kill_soak.py`` measures it. Saved are the weights and
their averages, optimizer, schedulers, loss scaler, gradients of an unfinished
accumulation, class statistics, log history, best scores and the state of hooks.
Random numbers need no saving: they follow from the place in the training, see
:mod:`mmcomp.randomness`.
"""
import errno
import os
import re
import signal
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mmengine.config import Config
from mmengine.dist import broadcast_object_list, get_world_size, is_main_process

from mmcomp.apis.host import DATALOADERS
from mmcomp.apis.launch import tell
from mmcomp.apis.lost_processes import explained_losses
from mmcomp.checkpoints.loading import load_checkpoint
from mmcomp.errors import CheckpointError, ConfigError, MMCompError, fault

# What of mmengine falls short of an exact resume, and what takes its place; each class says why.
REPLACED = {
    'EpochBasedTrainLoop': 'ResumableEpochTrainLoop', 'IterBasedTrainLoop': 'ResumableIterTrainLoop',
    'CheckpointHook': 'AtomicCheckpointHook', 'EarlyStoppingHook': 'ResumableEarlyStoppingHook',
    'AmpOptimWrapper': 'AutocastOptimWrapper', 'OptimWrapper': 'DeferredOptimWrapper',
    'RuntimeInfoHook': 'DeferredRuntimeInfoHook',
}  # yapf: disable
ADDED_HOOKS = ('FiniteLossHook', 'PreemptionHook')


# ---------------------------------------------------------------- parts that resume


def use_resumable_parts(cfg: Config) -> Config:
    """Put the parts of :mod:`mmcomp.engine` in the place of mmengine's that can't resume exactly.

    A subclass of the user's own stays, and so does a hook that is there
    already. ``FlexibleRunner`` saves in ways of its own and is left alone.
    """
    loop = cfg.get('train_cfg')
    if cfg.get('runner_type') == 'FlexibleRunner' or not loop:
        return cfg
    by_epoch = loop.pop('by_epoch', None)
    if by_epoch is not None:
        loop['type'] = 'EpochBasedTrainLoop' if by_epoch else 'IterBasedTrainLoop'
    hooks = cfg.get('default_hooks') or {}
    hooks.setdefault('checkpoint', dict(type='CheckpointHook', interval=1))
    hooks.setdefault('runtime_info', dict(type='RuntimeInfoHook'))
    cfg.default_hooks = hooks
    custom = list(cfg.get('custom_hooks') or [])
    named = {hook.get('type') for hook in custom if isinstance(hook, dict)}
    cfg.custom_hooks = custom + [dict(type=name) for name in ADDED_HOOKS if name not in named]
    wrapper = cfg.get('optim_wrapper')
    if isinstance(wrapper, dict) and 'optimizer' in wrapper:
        wrapper.setdefault('type', 'OptimWrapper')
    for part in (loop, wrapper, *cfg.default_hooks.values(), *cfg.custom_hooks):
        if isinstance(part, dict) and part.get('type') in REPLACED:
            part['type'] = REPLACED[part['type']]
    for name in DATALOADERS:
        if cfg.get(name) and cfg[name].get('num_workers', 0) > 0:
            _outlive_signals(cfg[name])
    return cfg


def _outlive_signals(loader: dict) -> None:
    own = dict(loader.get('worker_init_fn') or {})
    then = dict(then=own.pop('type'), **own) if own else {}
    # mmengine asks its own registry, which finds those of others by scope alone.
    loader['worker_init_fn'] = dict(type='mmcomp.outlive_signals', **then)


# ---------------------------------------------------------------- where to start


def settle_start(cfg: Config) -> None:
    """Turn ``resume`` (``'auto'``, a path or ``None``) into ``load_from`` and ``resume`` of the Runner.

    Rank 0 looks for the newest checkpoint and tells the others: on a network
    file system they may see an older state and would start elsewhere. On
    another number of ranks than before, the batch size of a rank is set so that
    all ranks together take the same batches as before.
    """
    start = cfg.get('resume')
    if not start and (there := newest_checkpoint(cfg.work_dir)):
        tell(f'{there} is of an earlier training, which --resume would continue; this one starts anew and writes '
             'over its files.')
    if start:
        found = [_find_start(cfg, start) if is_main_process() else None]
        broadcast_object_list(found)
        start, facts = found[0]
        if start and facts:
            keep_global_batch(cfg, facts)
    cfg.resume = bool(start)
    cfg.load_from = start or cfg.get('load_from')


def _find_start(cfg: Config, start: str) -> tuple[str | None, dict]:
    """The checkpoint to resume from, and what it tells of its data loader."""
    if start == 'auto':
        start = newest_checkpoint(cfg.work_dir)
        tell(f'resuming from {start}.' if start else f'no checkpoint in {cfg.work_dir}: training starts anew.')
    if not start or '://' in start:
        return start, {}
    return start, (load_checkpoint(start, mmap=True).get('meta') or {}).get('loader') or {}


def keep_global_batch(cfg: Config, facts: dict) -> None:
    """Set the batch size of a rank so that all ranks together keep that of the checkpoint.

    A batch size that was changed in the config does not count: to resume is to
    go on with the same training.

    Args:
        cfg: The config.
        facts: ``global_batch_size``, ``world_size`` and ``elastic`` at the time
            of the checkpoint.

    Raises:
        ConfigError: If the ranks can't share the batch evenly, or the sampler
            ties its order to the number of ranks.
    """
    ranks, loader = get_world_size(), cfg.train_dataloader
    before, total = facts.get('world_size'), facts.get('global_batch_size')
    if not before or loader.get('batch_size') is None:
        return
    if ranks != before and not facts.get('elastic'):
        raise ConfigError(fault('--resume', 'number of ranks', f'{before}, as the order of this sampler depends on it',
                                ranks, 'Use DefaultSampler, or the same number of ranks.'))
    if total % ranks:
        raise ConfigError(fault('--resume', 'number of ranks', f'a divisor of the batch of all ranks, {total}', ranks,
                                'Start another number of processes.'))
    if loader.batch_size != total // ranks:
        tell(f'the checkpoint was trained with {total} rows a step on {before} ranks: {ranks} ranks take '
             f'{total // ranks} each, not {loader.batch_size}. (To change that, start anew with --load-from.)')
        loader.batch_size = total // ranks


def newest_checkpoint(work_dir: str | os.PathLike) -> str | None:
    """The whole checkpoint that a training in ``work_dir`` wrote last.

    That is the one ``last_checkpoint`` names, looked for by its base name too,
    so that a moved folder still resumes; else the highest ``epoch_N.pth`` or
    ``iter_N.pth``, or ``interrupted.pth``, by date. Torn files are passed over.
    """
    work_dir = Path(work_dir)
    pointer = work_dir / 'last_checkpoint'
    if pointer.is_file():
        named = pointer.read_text(encoding='utf-8', errors='replace').strip()
        for path in (work_dir / Path(named).name, Path(named)):
            if named and _is_whole(path):
                return str(path)
        tell(f'{pointer} names {named!r}, which is missing or torn; looking for an older checkpoint.')
    numbered: dict[str, list] = {'epoch': [], 'iter': [], 'interrupted': []}
    for path in work_dir.glob('*.pth'):
        match = re.fullmatch(r'(epoch|iter)_(\d+)\.pth|(interrupted)\.pth', path.name)
        if match and _is_whole(path):
            numbered[match[1] or match[3]].append((int(match[2] or 0), path))
    newest = [max(found)[1] for found in numbered.values() if found]
    return str(max(newest, key=lambda path: path.stat().st_mtime_ns)) if newest else None


def _is_whole(path: Path) -> bool:
    """Whether a file ends as ``torch.save`` ends it; the table of contents comes last."""
    return path.is_file() and zipfile.is_zipfile(path)


# ---------------------------------------------------------------- how it ends


@contextmanager
def explained_failures(work_dir: str) -> Iterator[None]:
    """Say in one line what ended a training: Ctrl-C, a full disk, a dead loader worker, another rank …"""
    try:
        with explained_losses('train_dataloader', lambda: 'then go on with --resume.'):
            yield
    except MMCompError:
        raise
    except KeyboardInterrupt as asked:
        if get_world_size() > 1:
            # A launcher passes on what the terminal has sent to all already.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        if not is_main_process():
            raise SystemExit(130) from asked
        kept = _kept(work_dir)
        raise KeyboardInterrupt(*[f'{kept} is whole; go on with --resume.'] if kept else []) from asked
    except OSError as error:
        # Others are not of files.
        if error.errno not in _OF_FILES:
            raise
        kept = _kept(work_dir)
        next_step = f'{kept} is whole; free space or mend the cause, and go on with --resume.' if kept else \
            'No whole checkpoint is there.'
        raise CheckpointError(f'{error.filename or work_dir}: the training could not write or read here '
                              f'({error.strerror or error}). {next_step}') from error
    except ValueError as error:
        if 'end should be larger than begin' not in str(error):
            raise
        raise ConfigError(fault('config', 'param_scheduler', 'of stages that last a step or more', str(error),
                                'Parts of an epoch are rounded down to steps, and an epoch has few: lower the batch '
                                'size, or let the stage end later.')) from error


def _kept(work_dir: str) -> str | None:
    try:
        return newest_checkpoint(work_dir)
    except OSError:  # what failed may keep us from looking, too
        return None


_OF_FILES = {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.EFBIG, errno.EIO,
             errno.ESTALE}
