"""Train a model from a config file."""
import argparse
import os

EPILOG = """examples:
  mmcomp train configs/swin/b-384-arc.py --amp
  python tools/train.py CONFIG work_dirs/second --resume
  python tools/train.py CONFIG --cfg-options train_dataloader.batch_size=8 'model.head.topk=[1, 5]'
  tools/dist_train.sh CONFIG 8 --amp          all 8 GPUs of this host
  tools/dist_train.sh CONFIG 8 --amp --fsdp --activation-checkpointing     a model too large for one GPU
  tools/slurm_train.sh PARTITION JOB_NAME CONFIG WORK_DIR --amp"""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config file')
    parser.add_argument('folder', nargs='?', metavar='work_dir', help='the same as --work-dir')
    parser.add_argument('--work-dir', metavar='DIR',
                        help='where logs and checkpoints go (default: the config\'s, else work_dirs/<config name>)')
    parser.add_argument('--load-from', metavar='FILE', help='start from the weights of this checkpoint')
    parser.add_argument('--resume', nargs='?', const='auto', metavar='FILE',
                        help='continue exactly from this checkpoint; without a value or with `auto` from the newest '
                        'whole one in the work folder, or from the beginning if there is none; the batch of all ranks '
                        'together stays as it was')
    parser.add_argument('--amp', action='store_true', help='mixed precision (bfloat16 where there is no GPU)')
    parser.add_argument('--amp-dtype', choices=('float16', 'bfloat16'),
                        help='mixed precision in this type (default: the config\'s, else float16)')
    parser.add_argument('--accumulate', type=int, metavar='N',
                        help='one step of the optimizer for N batches, so that N x batch size is the batch')
    parser.add_argument('--activation-checkpointing', action='store_true',
                        help='keep only the inputs of the backbone\'s blocks and compute the rest again: much less '
                        'memory, a third more time')
    parser.add_argument('--fsdp', action='store_true',
                        help='divide weights, gradients and optimizer states among the GPUs (torch\'s fully_shard)')
    parser.add_argument('--compile', action='store_true', help='torch.compile of the backbone\'s blocks')
    parser.add_argument('--channels-last', action='store_true',
                        help='channels last in memory (NHWC), for convolutional networks')
    parser.add_argument('--auto-scale-lr', action='store_true',
                        help='scale the learning rate to the batch size of all GPUs together')
    parser.add_argument('--no-validate', action='store_true', help='do not validate during training')
    parser.add_argument('--no-pin-memory', action='store_true', help='no pinned memory in the data loaders')
    parser.add_argument('--no-persistent-workers', action='store_true', help='new data loader workers each epoch')
    parser.add_argument('--seed', type=int, help='seed of all random numbers')
    parser.add_argument('--deterministic', action='store_true', help='ask cuDNN for repeatable algorithms')
    parser.add_argument('--skip-check', action='store_true', help='train even if the config has faults')
    parser.add_argument('--cfg-options', nargs='+', metavar='KEY=VALUE',
                        help='change the config: a=1 b.c=x d=[1,2]; quote what holds spaces')
    parser.add_argument('--launcher', choices=('none', 'pytorch', 'slurm', 'mpi'),
                        help='what started this process (default: pytorch under torchrun, else none)')
    parser.add_argument('--local-rank', '--local_rank', type=int, help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    if args.folder and args.work_dir:
        parser.error(f'two work folders: {args.folder} and --work-dir {args.work_dir}; give one')
    return args


def main(argv=None):
    args = parse_args(argv)
    if 'SLURM_JOB_ID' in os.environ:
        from mmcomp.signals import leave_when_told
        leave_when_told()
    from mmcomp.apis.config import load_config
    from mmcomp.apis.launch import default_launcher
    from mmcomp.apis.training import train
    if args.local_rank is not None:
        # Old `torch.distributed.launch` says it on the command line only.
        os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    train(
        load_config(args.config, args.cfg_options),
        launcher=args.launcher or default_launcher(os.environ),
        check=not args.skip_check,
        work_dir=args.work_dir or args.folder,
        load_from=args.load_from,
        resume=args.resume,
        amp=args.amp or args.amp_dtype is not None,
        amp_dtype=args.amp_dtype,
        accumulate=args.accumulate,
        activation_checkpointing=args.activation_checkpointing,
        fsdp=args.fsdp,
        compile=args.compile,
        channels_last=args.channels_last,
        auto_scale_lr=args.auto_scale_lr,
        validate=not args.no_validate,
        pin_memory=not args.no_pin_memory,
        persistent_workers=not args.no_persistent_workers,
        seed=args.seed,
        deterministic=args.deterministic)


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
