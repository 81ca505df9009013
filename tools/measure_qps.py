"""Measure how many queries a second a checkpoint answers on this host, and judge it by a minimum."""
import argparse

EXAMPLE = """\
examples:
  mmcomp measure_qps configs/wechat/single.py single.pth --batch-size 128 --amp --min-qps 500
  mmcomp measure_qps configs/wechat/single.py single.pth --also configs/wechat/double.py double.pth --out qps.json

Batches of the test set are predicted as by `mmcomp test`, from files to scores, after some that are not counted. The
minimum is judged by the whole road; where the model waits for data, more workers or features made before help, and else
--amp, fewer frames or a smaller model. Leaves with 1 if the minimum is missed. Nothing else should run on the host."""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', metavar='CONFIG', help='config file')
    parser.add_argument('checkpoint', metavar='FILE', help='checkpoint file')
    parser.add_argument('--also', nargs=2, action='append', default=[], metavar=('CONFIG', 'FILE'),
                        help='another model that answers each query, too; what both have alike runs once')
    parser.add_argument('--min-qps', type=float, metavar='Q', help='queries a second that must be reached')
    parser.add_argument('--batch-size', type=int, metavar='N', help="queries at once (default: the config's)")
    parser.add_argument('--batches', type=int, default=50, metavar='N', help='to measure (default %(default)s)')
    parser.add_argument('--warm-up', type=int, metavar='N',
                        help='batches before these (default: 3 and what the workers read ahead)')
    parser.add_argument('--ann', metavar='FILE', help='queries of this list instead of the test set')
    parser.add_argument('--tta', action='store_true', help='test-time augmentation')
    parser.add_argument('--amp', action='store_true', help='half precision')
    parser.add_argument('--device', metavar='D', help='(default: the GPU, or cpu)')
    parser.add_argument('--cfg-options', nargs='+', metavar='KEY=VALUE', help='override settings of the configs')
    parser.add_argument('--out', metavar='FILE', help='write the figures as JSON, too')
    return parser.parse_args(argv)


def main(argv=None):
    args = parse_args(argv)
    from mmcomp.apis.config import load_config
    from mmcomp.apis.throughput import measure
    from mmcomp.files import write_json
    members = [(load_config(config, args.cfg_options), checkpoint)
               for config, checkpoint in [(args.config, args.checkpoint), *args.also]]
    found = measure(members, args.batch_size, args.batches, args.warm_up, args.ann, args.tta, args.amp, args.device)
    figures = found.figures()
    enough = args.min_qps is None or found.queries_per_second >= args.min_qps
    if args.out:
        write_json(args.out, dict(figures, min_qps=args.min_qps, reached=enough))
    print(words(figures))
    if args.min_qps is not None:
        sign, verdict = ('>=', 'pass') if enough else ('<', 'FAIL')
        print(f'{verdict}: {found.queries_per_second:.1f} {sign} {args.min_qps:g} queries a second')
    return 0 if enough else 1


def words(figures):
    """What was measured, for a reader."""
    from mmcomp.visualization.text_table import text_table
    rates = dict(whole=figures['queries_per_second'], model=figures['model_queries_per_second'])
    rows = [[part, f'{rates[part]:.1f}' if part in rates else None, f'{of["p50"]:.2f}', f'{of["p95"]:.2f}']
            for part, of in figures['latency_ms'].items()]
    return '\n'.join([
        f'{figures["batches"]} batches of {figures["batch_size"]}; {figures["host"]}',
        text_table(['part', 'queries a second', 'batch p50 (ms)', 'batch p95 (ms)'], rows),
        f'the test set of {figures["test_set"]}: {figures["test_set_seconds"]:.1f} s'])


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
