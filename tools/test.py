#!/usr/bin/env python
"""Predict a data set with a checkpoint into a prediction table."""
import argparse

EXAMPLE = """examples:
  python tools/test.py CONFIG epoch_20.pth --out val.pkl
  python tools/test.py CONFIG soup.pth --folder data/testb --tta --out testb.pkl
  tools/dist_test.sh CONFIG soup.pth 8 --folder data/testb --out testb.pkl
  python tools/test.py CONFIG epoch_18.pth --checkpoints epoch_19.pth epoch_20.pth --folder data/testb
  python tools/test.py configs/wechat/single.py single.pth --also configs/wechat/double.py double.pth --out pkls

A killed run called again goes on where it stopped, on any number of GPUs. With several checkpoints each image is read
and prepared once; all models are in memory. What they have alike, such as a frozen tower for frames, runs once.
"""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config file')
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument('--checkpoints', nargs='+', default=[], metavar='FILE',
                        help='more checkpoints of the same config, a table each, predicted in the same pass')
    parser.add_argument('--also', nargs=2, action='append', default=[], metavar=('CONFIG', 'FILE'),
                        help='a checkpoint of another config that tests on the same data, in the same pass')
    source = parser.add_mutually_exclusive_group()
    source.add_argument('--folder', metavar='DIR', help='predict the images of this folder instead of the test set')
    source.add_argument('--ann', metavar='FILE', help='predict this annotation list, with labels or without')
    parser.add_argument('--image-root', metavar='DIR', help='with --ann: where its paths start')
    parser.add_argument('--out', metavar='PATH', help='the table, or the folder of tables with several checkpoints '
                        '(default: CHECKPOINT with suffix .pkl)')
    parser.add_argument('--tta', action='store_true',
                        help="test-time augmentation by the config's views, or horizontal flip")
    parser.add_argument('--lt', nargs='?', type=float, const=1., default=0., metavar='TAU',
                        help='subtract TAU (1) times the log prior of the training labels (long-tail adjustment)')
    parser.add_argument('--amp', action='store_true', help='half precision')
    parser.add_argument('--dtype', choices=['float32', 'float16'], default='float32', help='of the scores in the file')
    parser.add_argument('--batch-size', type=int, metavar='N', help='images a batch and GPU')
    parser.add_argument('--cfg-options', nargs='+', metavar='KEY=VALUE', help='override settings of the config')
    parser.add_argument('--launcher', choices=['none', 'pytorch', 'slurm', 'mpi'],
                        help='what started this process (default: pytorch under torchrun, else none)')
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0, help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    if args.image_root and not args.ann:
        parser.error('--image-root goes with --ann')
    return args


def main(argv=None):
    args = parse_args(argv)
    import os

    from mmcomp.apis.config import load_config
    from mmcomp.apis.launch import default_launcher, process_group
    from mmcomp.apis.prediction import predict_tables
    from mmcomp.predictions.tables import table_files
    cfg = load_config(args.config, args.cfg_options)
    checkpoints = [args.checkpoint, *args.checkpoints]
    others = [(load_config(config, args.cfg_options), checkpoint) for config, checkpoint in args.also]
    outs = table_files(args.out, [*checkpoints, *(checkpoint for _, checkpoint in others)])
    communication = (cfg.get('env_cfg') or {}).get('dist_cfg') or {}
    with process_group(args.launcher or default_launcher(os.environ), communication.get('backend'),
                       communication.get('timeout')) as place:
        tables = predict_tables(cfg, checkpoints, outs, folder=args.folder, ann=args.ann, image_root=args.image_root,
                                tta=args.tta, logit_adjustment_tau=args.lt, amp=args.amp, dtype=args.dtype,
                                batch_size=args.batch_size, others=others)
        for out, table in zip(outs, tables) if place.rank == 0 else ():
            print(f'{out}: {len(table)} samples, {table.scores.shape[1]} classes')


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
