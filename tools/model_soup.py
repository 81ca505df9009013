#!/usr/bin/env python
"""Average checkpoints into one: uniform, last or top N, weighted, greedy by validation, EMA, SWA."""
import argparse

from mmcomp.cli import figure_file

EXAMPLE = """\
examples:
  the last 7 epochs, each alike
    python tools/model_soup.py --model-folder work_dirs/l-384-arc --last 7 --out soup.pth
  the 5 epochs of the best validation accuracy, from the training's log
    python tools/model_soup.py --model-folder work_dirs/l-384-arc --top 5 --by accuracy/top1 --out soup.safetensors
  two models, one three times as much
    python tools/model_soup.py --models a.pth b.safetensors --weights 3 1 --out soup.pth
  greedy: best first, each stays only if the validation metric does not fall; says why others stayed out.
  Scores are kept in soup.pth.greedy.json, so the same command goes on after a kill.
    python tools/model_soup.py --model-folder work_dirs/l-384-arc --greedy configs/swin/l-384-arc.py \\
        --plot barriers.png --out soup.pth
  SWA: an equal mean, with BatchNorm's statistics estimated anew on the training data
    python tools/model_soup.py --model-folder work_dirs/resnet --last 10 --update-bn configs/resnet.py --out swa.pth

Files may be .pth and .safetensors, of a Runner, DDP, torch.compile or bare; all of one architecture. A soup works for
models that share a start and went apart late; --greedy shows it where that is in doubt. mmengine's EMAHook saves its
averages as the model's weights already: --raw takes the un-averaged ones beside them, --ema insists on averages.
"""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument('--models', nargs='+', metavar='FILE', help='checkpoints to average')
    source.add_argument('--model-folder', metavar='DIR',
                        help='average epoch_* (or iter_*) of a work folder; any checkpoint if it has none')
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument('--last', type=int, metavar='N',
                        help='with --model-folder: only the newest N (published: 5 for Swin-B, 7 for Swin-L)')
    chosen.add_argument('--top', type=int, metavar='N', help='only the N of the best validation scores')
    parser.add_argument('--by', metavar='KEY', help='score of --top and --greedy, such as accuracy/top1')
    how = parser.add_mutually_exclusive_group()
    how.add_argument('--weights', nargs='+', type=float, metavar='W', help='one a checkpoint, in their order')
    how.add_argument('--greedy', metavar='CONFIG', help='choose by the validation data of a config')
    parser.add_argument('--alphas', nargs='*', type=float, default=[.25, .5, .75], metavar='A',
                        help='with --greedy: where to look between the soup and a refused member (default .25 .5 .75)')
    parser.add_argument('--plot', type=figure_file, metavar='FILE',
                        help='with --greedy: a picture of these lines (.png, .svg, .pdf)')
    parser.add_argument('--update-bn', metavar='CONFIG',
                        help="estimate BatchNorm's running statistics anew on the config's training data")
    parser.add_argument('--bn-batches', type=int, metavar='N', help='with --update-bn: at most N batches')
    which = parser.add_mutually_exclusive_group()
    which.add_argument('--ema', action='store_true', help='exponential moving averages; an error if a file has none')
    which.add_argument('--raw', action='store_true', help='the weights without such averaging')
    parser.add_argument('--cfg-options', nargs='+', metavar='K=V', help='change --greedy and --update-bn configs')
    parser.add_argument('--device', metavar='D', help='for --greedy and --update-bn (default: the GPU, or cpu)')
    parser.add_argument('--out', default='uniform_soup.pth', metavar='FILE',
                        help='the soup, .pth or .safetensors (default: %(default)s)')
    args = parser.parse_args(argv)
    if args.last is not None and args.models:
        parser.error('--last goes with --model-folder')
    if args.plot and not args.greedy:
        parser.error('--plot goes with --greedy')
    if not all(0 < alpha < 1 for alpha in args.alphas):
        parser.error('--alphas lie between 0 and 1')
    if args.bn_batches is not None and (args.bn_batches < 1 or not args.update_bn):
        parser.error('--bn-batches goes with --update-bn and is at least 1')
    return args


def main(argv=None):
    args = parse_args(argv)
    from mmcomp.checkpoints.members import open_members
    from mmcomp.checkpoints.soup import as_shares, checked_out, differing_counters, find_members, write_soup
    from mmcomp.predictions.progress import track
    paths = args.models or find_members(args.model_folder, args.last)
    checked_out(args.out, paths)
    if args.top is not None:
        from mmcomp.apis.checkpoint_scores import top_members
        chosen = top_members(paths, args.top, args.by)
        paths = [path for path, _ in chosen]
        print(*(f'{score:10.4f}  {path}' for path, score in chosen), sep='\n')
    shares = as_shares(args.weights, len(paths))
    members = open_members(paths, 'ema' if args.ema else 'raw' if args.raw else 'saved')
    bn_cfg = config_of(args.update_bn, args)
    if args.greedy:
        shares = choose(args, members, bn_cfg)
    used = [member for member, share in zip(members, shares) if share]
    print(f'averaging {len(used)} checkpoints:', *(member.path for member in used), sep='\n  ')
    if counters := differing_counters(used):
        print(f'{len(counters)} integer tensors differ, the last checkpoint\'s are kept: {", ".join(counters[:3])} …')
    if bn_cfg is None and used[0].has_batch_norm() and len(used) > 1:
        print('note: the model has BatchNorm, whose averaged statistics are not those of the averaged weights; '
              '--update-bn CONFIG estimates them anew')
    if bn_cfg is None:
        write_soup(members, shares, args.out, lambda names: track(list(names), 'soup'))
    else:
        from mmcomp.apis.soup import write_soup_with_batch_norm
        write_soup_with_batch_norm(members, shares, args.out, bn_cfg, limit=args.bn_batches, device=args.device)
    tensors = used[0].tensors
    print(f'{args.out}: {len(tensors)} tensors, {sum(t.numel() for t in tensors.values()):,} values')


def config_of(path, args):
    """A config with the options of the command line, if one is asked for."""
    if path is None:
        return None
    from mmcomp.apis.config import load_config
    return load_config(path, args.cfg_options)


def choose(args, members, bn_cfg):
    """Shares of a greedy soup; prints and draws how it came about."""
    from mmcomp.apis.soup import barrier_curves, choose_greedily, greedy_report
    soup = choose_greedily(config_of(args.greedy, args), members, args.out, metric=args.by,
                           alphas=args.alphas, bn_cfg=bn_cfg, bn_batches=args.bn_batches, device=args.device)
    print(greedy_report(soup, members))
    if args.plot:
        from mmcomp.visualization.barriers import draw_barriers
        draw_barriers(barrier_curves(soup, members), args.plot)
        print(f'{args.plot}: the lines to refused members')
    return soup.shares


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
