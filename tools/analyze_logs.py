"""Compare training runs: best and last values, speed, curves."""
import argparse

EXAMPLE = """example:
  python tools/analyze_logs.py work_dirs/b-384-arc work_dirs/l-384-arc --keys loss accuracy/top1 --out curves.png
"""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('logs', nargs='+', metavar='LOG', help='work folders, or scalars.json files')
    parser.add_argument('--keys', nargs='+', metavar='KEY', help='what to show (default: all but learning rates)')
    parser.add_argument('--out', metavar='FILE', help='draw the curves into this picture (.png, .svg, .pdf)')
    return parser.parse_args(argv)


def main(argv=None):
    args = parse_args(argv)
    from mmcomp.visualization.text_table import text_table
    from mmcomp.visualization.training_log import choose_keys, is_small_good, read_log
    logs = [read_log(path) for path in args.logs]
    keys = choose_keys(logs, args.keys)
    rows = []
    for log in logs:
        for key in keys:
            iteration, value = log.best(key) or (None, None)
            shown = [None if v is None else f'{v:.4g}' for v in (value, log.last(key))]
            rows.append([log.name, f'{key} ({"min" if is_small_good(key) else "max"})', shown[0], iteration, shown[1]])
    print(text_table(['run', 'key', 'best', 'at iteration', 'last'], rows), end='\n\n')
    speed = [[log.name, log.iterations, f'{log.seconds / max(log.iterations, 1):.4f}', f'{log.seconds / 3600:.2f}']
             for log in logs]
    print(text_table(['run', 'iterations', 'seconds each', 'hours of training'], speed))
    if args.out:
        from mmcomp.visualization.curves import draw_curves
        draw_curves(logs, keys, args.out)
        print(f'\ncurves: {args.out}')


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
