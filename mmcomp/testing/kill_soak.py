"""Kill trainings at random moments, resume them, and compare with one that nobody disturbed.

Processes are forked from one parent that has imported everything, so that a
start costs a second. A moment is one of three kinds: in a step (gradients are
there, weights not yet changed), in a validation, in the write of a checkpoint
(half of its bytes on the disk). A training is killed again and again until it
ends by itself.
"""
import json
import os
import random
import shutil
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

from mmcomp.files import write_json
from mmcomp.testing.toy_training import write_toy_config

KINDS = ('step', 'validation', 'write')

# A place for anything that a resume could forget: augmentation, dropped paths, class counts, averaged weights, EQL.
SWIN = """
_base_ = ['toy.py']
train_pipeline = [
    dict(type='LoadImageFromFile'), dict(type='RandomCrop', crop_size=32, padding=3),
    dict(type='RandomFlip', prob=0.5, direction='horizontal'), dict(type='RandomErasing', erase_prob=0.5),
    dict(type='PackInputs')]
test_pipeline = [dict(type='LoadImageFromFile'), dict(type='PackInputs')]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
model = dict(
    _delete_=True, type='ImageClassifier',
    data_preprocessor=dict(num_classes=2, mean=[127.5] * 3, std=[127.5] * 3),
    backbone=dict(
        type='SwinTransformerV2', img_size=32,
        arch=dict(embed_dims=16, depths=[1, 1], num_heads=[1, 2], extra_norm_every_n_blocks=0),
        patch_size=4, window_size=[4, 4], pretrained_window_sizes=[0, 0], out_indices=(1, ),
        drop_rate=0.1, drop_path_rate=0.2),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='ArcFaceHead', num_classes=2, in_channels=32, num_subcenters=2, margin='adaptive', scale=16.0,
              loss=dict(type='SoftmaxEQLLoss', num_classes=2)))
train_cfg = dict(max_epochs=4)
optim_wrapper = dict(
    _delete_=True, optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.05), clip_grad=dict(max_norm=1.0),
    paramwise_cfg=dict(norm_decay_mult=0.0))
param_scheduler = [dict(type='LinearLR', start_factor=0.1, end=1, convert_to_iter_based=True),
                   dict(type='CosineAnnealingLR', begin=1, convert_to_iter_based=True)]
default_hooks = dict(checkpoint=dict(max_keep_ckpts=1, save_best='auto'), logger=dict(type='LoggerHook', interval=2))
custom_hooks = [dict(type='ClassCountsHook'), dict(type='EMAHook', momentum=0.1),
                dict(type='EarlyStoppingHook', monitor='accuracy/top1', patience=9)]
"""

MAE = """
_base_ = ['toy.py']
data_preprocessor = dict(type='SelfSupDataPreprocessor', mean=[127.5] * 3, std=[127.5] * 3)
model = dict(
    _delete_=True, type='MAE',
    backbone=dict(type='MAEViT', arch=dict(embed_dims=16, num_layers=1, num_heads=2, feedforward_channels=32),
                  img_size=32, patch_size=8, mask_ratio=0.5),
    neck=dict(type='MAEPretrainDecoder', num_patches=16, patch_size=8, embed_dim=16, decoder_embed_dim=16,
              decoder_depth=1, decoder_num_heads=2),
    head=dict(type='MAEPretrainHead', norm_pix=True, patch_size=8,
              loss=dict(type='PixelReconstructionLoss', criterion='L2')))
pipeline = [
    dict(type='LoadImageFromFile'), dict(type='RandomResizedCrop', scale=32, crop_ratio_range=(0.5, 1.0)),
    dict(type='PackInputs')]
train_dataloader = dict(dataset=dict(pipeline=pipeline), num_workers=1)
val_dataloader = val_evaluator = val_cfg = None
train_cfg = dict(max_epochs=5)
optim_wrapper = dict(_delete_=True, optimizer=dict(type='AdamW', lr=1e-3, betas=(0.9, 0.95)))
param_scheduler = [dict(type='CosineAnnealingLR', by_epoch=True)]
default_hooks = dict(
    checkpoint=dict(by_epoch=False, interval=5, max_keep_ckpts=2), logger=dict(type='LoggerHook', interval=2))
"""

# 8 batches an epoch, a step every 3: epochs end, and checkpoints are written, in the middle of an accumulation.
ACCUMULATION = """
_base_ = ['toy.py']
model = dict(train_cfg=dict(augments=[dict(type='Mixup', alpha=0.8)]), head=dict(loss=dict(use_soft=True)))
train_cfg = dict(max_epochs=4, val_interval=2)
optim_wrapper = dict(type='AmpOptimWrapper', dtype='bfloat16', accumulative_counts=3)
default_hooks = dict(checkpoint=dict(interval=1, max_keep_ckpts=3), logger=dict(type='LoggerHook', interval=1))
"""
RECIPES = dict(swin=SWIN, mae=MAE, accumulation=ACCUMULATION)


def write_recipes(folder: str | Path) -> dict[str, Path]:
    """Write the data and the configs; their paths by name."""
    toy = write_toy_config(folder, images_per_class=32)
    paths = {name: toy.parent / f'{name}.py' for name in RECIPES}
    for name, path in paths.items():
        path.write_text(RECIPES[name], encoding='utf-8')
    return paths


def warm_up() -> None:
    """Import what trainings import, so that forked processes have it."""
    for name in ('mmcomp.apis.training', 'mmcomp.datasets', 'mmcomp.engine', 'mmcomp.models', 'mmpretrain.engine',
                 'mmpretrain.evaluation', 'matplotlib.pyplot', 'matplotlib.backends.backend_agg'):
        import_module(name)


# ---------------------------------------------------------------- one process


def die() -> None:
    """End this process as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)


@dataclass
class Moments:
    """Counts the moments of a process by kind, and does something to it at one of them.

    Args:
        kind: Kind of the moment; ``None`` lets the process live.
        number: Which of them, from 1.
        act: What to do then.
    """
    kind: str | None = None
    number: int = 0
    act: Callable[[], None] = die
    seen: dict = field(default_factory=lambda: dict.fromkeys(KINDS, 0))

    def __call__(self, kind: str, before: Callable[[], None] | None = None) -> None:
        self.seen[kind] += 1
        if kind == self.kind and self.seen[kind] == self.number:
            if before is not None:
                before()
            self.act()

    def watch(self) -> None:
        """Place the moments in this process's copy of the classes."""
        import tempfile

        from mmengine.optim import OptimWrapper
        from mmpretrain.models import BaseClassifier

        from mmcomp.engine.atomic_backend import AtomicBackend
        put, should_update, val_step = AtomicBackend.put, OptimWrapper.should_update, BaseClassifier.val_step

        def dying_put(backend, obj, filepath):
            def half():
                path = Path(filepath)
                handle, _ = tempfile.mkstemp(dir=path.parent, prefix=f'.{path.name}.', suffix='.tmp.pth')
                os.write(handle, obj[:len(obj) // 2])
            self('write', half)
            put(backend, obj, filepath)
            self('write')

        def dying_step(wrapper):
            self('step')
            return should_update(wrapper)

        def dying_val_step(model, data):
            self('validation')
            return val_step(model, data)

        AtomicBackend.put, OptimWrapper.should_update, BaseClassifier.val_step = dying_put, dying_step, dying_val_step


def output_file(work_dir: Path, rank: int = 0) -> Path:
    """What a forked training printed."""
    return work_dir.with_name(f'{work_dir.name}.rank{rank}.txt')


def fork_training(config: Path, work_dir: Path, rank: int, ranks: int, port: int, moments: Moments,
                  options: dict | None = None) -> int:
    """Fork a process that trains (``resume='auto'``); its number. Its output goes to :func:`output_file`."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        output = os.open(output_file(work_dir, rank), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.environ.update(RANK=str(rank), WORLD_SIZE=str(ranks), LOCAL_RANK=str(rank), MASTER_ADDR='127.0.0.1',
                          MASTER_PORT=str(port))
        moments.watch()
        from mmcomp.apis import load_config, train
        train(load_config(config, options), work_dir=str(work_dir), resume='auto', check=False,
              launcher='pytorch' if ranks > 1 else 'none')
        write_json(work_dir / f'moments{rank}.json', moments.seen)
        status = 0
    except SystemExit as left:
        status = left.code
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def run_once(config: Path, work_dir: Path, ranks: int, victim: int = 0, moments: Moments | None = None,
             options: dict | None = None, timeout_s: float = 600., launcher: bool = True) -> list[int]:
    """Train once in ``ranks`` processes; exit codes. When one fails the others are ended, as a launcher does."""
    port = free_port()
    children = [fork_training(config, work_dir, rank, ranks, port,
                              (moments or Moments()) if rank == victim else Moments(), options)
                for rank in range(ranks)]
    codes: dict[int, int] = {}
    deadline = time.monotonic() + timeout_s
    while len(codes) < ranks:
        for rank, child in enumerate(children):
            if rank not in codes and (ended := os.waitpid(child, os.WNOHANG))[0]:
                codes[rank] = os.waitstatus_to_exitcode(ended[1])
        if time.monotonic() > deadline or (launcher and any(codes.values())):
            for rank, child in enumerate(children):
                if rank not in codes:
                    os.kill(child, signal.SIGKILL)
                    codes[rank] = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        time.sleep(0.02)
    return [codes[rank] for rank in range(ranks)]


# ---------------------------------------------------------------- a soak


@dataclass(frozen=True)
class Soak:
    """What came of killing trainings of one recipe.

    Args:
        recipe: Its name.
        ranks: Processes of the training.
        kills: Moments of the kills, ``kind number rank``.
        differences: What differs from the undisturbed training; empty if nothing does.
        seconds: Wall time.
    """
    recipe: str
    ranks: int
    kills: Sequence[str]
    differences: Sequence[str]
    seconds: float


def soak(name: str, config: Path, folder: Path, ranks: int = 1, kills: int = 25, chain: int = 5,
         seed: int = 0) -> Soak:
    """Kill trainings ``kills`` times in all and compare the ends with an undisturbed one.

    Args:
        name: Of the recipe.
        config: Its config.
        folder: Work folders go here.
        ranks: Processes of a training.
        kills: How many.
        chain: Kills a training at most, before it may end.
        seed: Of the moments.
    """
    began, chance, done, differences = time.monotonic(), random.Random(f'{name}{ranks}{seed}'), [], []
    calm = folder / f'{name}-{ranks}-calm'
    if any(codes := run_once(config, calm, ranks)):
        raise RuntimeError(f'{calm}: the undisturbed training ended with {codes}; see {output_file(calm)}')
    seen = json.loads((calm / 'moments0.json').read_text())
    while len(done) < kills:
        work = folder / f'{name}-{ranks}-{len(done)}'
        for _ in range(min(chain, kills - len(done))):
            kind = chance.choice([kind for kind in KINDS if seen[kind]])
            number, victim = chance.randint(1, max(1, seen[kind] // 2)), chance.randrange(ranks)
            victim = 0 if kind == 'write' else victim
            codes = run_once(config, work, ranks, victim, Moments(kind, number))
            if not any(codes):
                break
            done.append(f'{kind} {number} rank {victim}')
        else:
            codes = run_once(config, work, ranks)
        if any(codes):
            differences.append(f'{work.name}: ended with {codes}')
        else:
            found = compare(calm, work) + compare_predictions(config, calm, work)
            differences += [f'{work.name} ({"; ".join(done[-chain:])}): {difference}' for difference in found]
        if not differences:
            shutil.rmtree(work)
    return Soak(name, ranks, done, differences, time.monotonic() - began)


# ---------------------------------------------------------------- comparing


def compare(calm: Path, killed: Path) -> list[str]:
    """How the end of a training differs from that of another: files, every number in the checkpoints, logs."""
    import torch

    from mmcomp.apis.resuming import newest_checkpoint
    from mmcomp.checkpoints.loading import load_checkpoint
    names = [sorted(p.name for p in folder.glob('*.pth')) for folder in (calm, killed)]
    temporary = [p.name for p in killed.glob('.*.tmp*')]
    found = [f'files {names[0]} and {names[1]}'] if names[0] != names[1] else []
    found += [f'left behind: {temporary}'] if temporary else []
    first, second = (newest_checkpoint(folder) for folder in (calm, killed))
    if Path(first).name != Path(second).name:
        found.append(f'newest {first} and {second}')
    for name in sorted(set(names[0]) & set(names[1])):
        ends = [flat(load_checkpoint(folder / name)) for folder in (calm, killed)]
        for key in sorted(set(ends[0]) | set(ends[1])):
            one, other = (end.get(key) for end in ends)
            same = torch.equal(one, other) if isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor) \
                else one == other
            if not same:
                found.append(f'{name}: {key}: {str(one)[:60]} and {str(other)[:60]}')
    return found + compare_logs(calm, killed)


def compare_predictions(config: Path, calm: Path, killed: Path) -> list[str]:
    """Whether the newest checkpoints predict the same of the validation data, if the recipe has any."""
    import torch
    from mmengine.registry import DefaultScope
    from mmengine.runner import Runner

    from mmcomp.apis import load_config
    from mmcomp.apis.building import load_model
    from mmcomp.apis.resuming import newest_checkpoint
    cfg = load_config(config)
    if not cfg.get('val_dataloader'):
        return []
    with DefaultScope.overwrite_default_scope('mmcomp'), torch.inference_mode():
        data = list(Runner.build_dataloader(cfg.val_dataloader.to_dict()))
        models = [load_model(cfg, newest_checkpoint(folder))[0] for folder in (calm, killed)]
        scores = [torch.stack([sample.pred_score for batch in data for sample in model.test_step(batch)])
                  for model in models]
    return [] if torch.equal(*scores) else ['predictions of the validation data']


def compare_logs(calm: Path, killed: Path) -> list[str]:
    """Keys whose curves differ; times are none of them."""
    from mmcomp.visualization.training_log import read_log
    one, other = (read_log(folder).points for folder in (calm, killed))
    return [f'log of {key}' for key in sorted(set(one) | set(other)) if str(one.get(key)) != str(other.get(key))]


def flat(node: object, path: str = '') -> dict:
    """All leaves of a checkpoint by their path, but for times and places."""
    if path in ('/meta/time', '/meta/experiment_name', '/meta/cfg', '/message_hub/runtime_info/cfg',
                '/message_hub/runtime_info/experiment_name'):
        return {}
    if any(path.startswith(f'/message_hub/log_scalars/{stage}/{word}') for stage in ('train', 'val')
           for word in ('time', 'data_time')) or path == '/message_hub/runtime_info/eta':
        return {}
    if hasattr(node, 'data') and hasattr(node, '_log_history'):
        node = dict(history=node._log_history.tolist(), counts=node._count_history.tolist())
    if isinstance(node, dict):
        return {k: v for key, child in node.items() for k, v in flat(child, f'{path}/{key}').items()}
    if isinstance(node, list | tuple):
        return {k: v for i, child in enumerate(node) for k, v in flat(child, f'{path}/{i}').items()}
    if isinstance(node, str) and node.endswith('.pth'):
        node = os.path.basename(node)
    return {path: node}
