"""The trainings of test_large_models.py, on two ranks forked from one process that has imported everything.

    python tests/conformance/large_models.py FOLDER
"""
import json
import sys
from pathlib import Path

from mmcomp.testing.kill_soak import Moments, run_once, warm_up, write_recipes

# No EMA, which is refused; an epsilon that keeps AdamW from making much of rounding.
PLAIN = {
    'custom_hooks': [dict(type='ClassCountsHook')], 'train_cfg.max_epochs': 2,
    'optim_wrapper': dict(optimizer=dict(type='AdamW', lr=1e-3, eps=1e-4), clip_grad=dict(max_norm=1.0)),
    'default_hooks.logger.interval': 1, 'train_dataloader.batch_size': 4,
}  # yapf: disable
SHARDED = {'model_wrapper_cfg.type': 'FullyShardedModel'}
RECOMPUTED = {'custom_hooks': [*PLAIN['custom_hooks'], dict(type='ActivationCheckpointingHook')]}
BFLOAT16 = {'optim_wrapper.type': 'AmpOptimWrapper', 'optim_wrapper.dtype': 'bfloat16', 'val_cfg': None,
            'val_dataloader': None, 'val_evaluator': None}
ACCUMULATED = {'optim_wrapper.accumulative_counts': 2}
# 31 images: the ranks validate 16 and 15 batches, so a collective call in the last one would hang.
UNEVEN = {'val_dataloader.sampler': dict(type='DefaultSampler', shuffle=False, round_up=False),
          'val_dataloader.batch_size': 1, 'train_cfg.val_begin': 1}

if __name__ == '__main__':
    folder, codes = Path(sys.argv[1]), {}
    warm_up()
    config = write_recipes(folder, images_per_class=16)['swin']
    (folder / 'images' / 'above' / '15.png').unlink()

    def run(name: str, *options: dict, ranks: int = 2, **kwargs) -> None:
        merged = {key: value for group in (PLAIN, *options) for key, value in group.items()}
        codes.setdefault(name, []).append(run_once(config, folder / name, ranks, options=merged, **kwargs))

    run('ddp')
    run('fsdp', SHARDED, UNEVEN)
    run('ddp-accumulated', ACCUMULATED)
    run('accumulated', SHARDED, RECOMPUTED, ACCUMULATED, moments=Moments('step', 5))
    run('accumulated', SHARDED, RECOMPUTED, ACCUMULATED)
    run('ddp-bfloat16', BFLOAT16)
    run('bfloat16', SHARDED, BFLOAT16)
    run('moved', moments=Moments('step', 5))
    run('moved', SHARDED)
    run('back', SHARDED, moments=Moments('step', 5))
    run('back')
    run('alone', SHARDED, ranks=1)
    run('averaged', SHARDED, {'custom_hooks': [dict(type='EMAHook')]}, launcher=False)
    (folder / 'codes.json').write_text(json.dumps(codes))
