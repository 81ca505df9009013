"""Extract features of video frames into a store, by any image model."""
import argparse

EXAMPLE = """examples:
  python tools/extract_features.py CONFIG --ann data/wechat/annotations/labeled.json \\
    --frame-zips data/wechat/zip_frames/labeled --out data/wechat/zip_feats/labeled.zip
  python -m torch.distributed.run --nproc-per-node 8 tools/extract_features.py CONFIG --frame-folder frames \\
    --ann videos.jsonl --out features.zip --launcher pytorch

A killed run called again goes on where it stopped, on any number of GPUs. A store made by other weights, another
pipeline or in another type is refused.
"""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='model, data_preprocessor and test_dataloader with the pipeline of frames')
    parser.add_argument('--out', required=True, metavar='ZIP', help='the store: a zip of <id>.npy members')
    parser.add_argument('--checkpoint', metavar='FILE', help="weights (default: those the config's model loads)")
    parser.add_argument('--ann', nargs='+', metavar='FILE', help="JSON annotations instead of the config's")
    source = parser.add_mutually_exclusive_group()
    source.add_argument('--frame-zips', metavar='DIR', help='folder of <last 3 characters>/<id>.zip with images')
    source.add_argument('--frame-folder', metavar='DIR', help='folder of <id>/ with images')
    parser.add_argument('--dtype', choices=['float16', 'float32'], default='float16', help='of the stored features')
    parser.add_argument('--precision', choices=['float32', 'float16', 'bfloat16'],
                        help='of the computation (default: float16 on a GPU, else float32)')
    parser.add_argument('--batch-size', type=int, metavar='N', help='videos a batch and GPU')
    parser.add_argument('--frames-a-pass', type=int, default=256, metavar='N', help='most frames at once')
    parser.add_argument('--cfg-options', nargs='+', metavar='KEY=VALUE', help='override settings of the config')
    parser.add_argument('--launcher', choices=['none', 'pytorch', 'slurm', 'mpi'],
                        help='what started this process (default: pytorch under torchrun, else none)')
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0, help=argparse.SUPPRESS)
    return parser.parse_args(argv)


def main(argv=None):
    args = parse_args(argv)
    import os

    from mmcomp.apis.config import load_config
    from mmcomp.apis.feature_extraction import extract_features
    from mmcomp.apis.launch import default_launcher, process_group
    cfg = load_config(args.config, args.cfg_options)
    communication = (cfg.get('env_cfg') or {}).get('dist_cfg') or {}
    with process_group(args.launcher or default_launcher(os.environ), communication.get('backend'),
                       communication.get('timeout')) as place:
        number = extract_features(
            cfg, args.out, checkpoint=args.checkpoint, ann=args.ann, frame_zips=args.frame_zips,
            frame_folder=args.frame_folder, dtype=args.dtype, precision=args.precision, batch_size=args.batch_size,
            frames_a_pass=args.frames_a_pass)
        if place.rank == 0:
            print(f'{args.out}: {number} videos')


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
