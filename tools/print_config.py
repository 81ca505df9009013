"""Print a config as it will be used: bases and options merged, old names rewritten."""
import argparse
from collections.abc import Sequence

EPILOG = """example:
  python tools/print_config.py configs/swin/l-384-arc.py --cfg-options train_dataloader.batch_size=8
  python tools/print_config.py old_config.py --out new_config.py
"""


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description='Print a config as it will be used: bases and options merged, old names rewritten.',
        epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', metavar='CONFIG', help='config file')
    parser.add_argument('--cfg-options', nargs='+', metavar='KEY=VALUE', help='options to merge into the config')
    parser.add_argument('--format', choices=('py', 'yaml', 'json'),
                        help='default: what the suffix of --out says, else py')
    parser.add_argument('--out', metavar='FILE', help='write there instead of printing')
    parser.add_argument('--modernize', action=argparse.BooleanOptionalAction, default=True,
                        help='rewrite names of MMClassification and MMSelfSup')
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    args = parse_args(argv)
    from mmcomp.apis.config import format_config, read_config
    from mmcomp.files import atomic_open
    cfg, _ = read_config(args.config, args.cfg_options, args.modernize)
    suffix = str(args.out or '').rpartition('.')[2]
    kind = args.format or {'json': 'json', 'yaml': 'yaml', 'yml': 'yaml'}.get(suffix, 'py')
    text = format_config(cfg, kind)
    if not args.out:
        print(text)
        return
    with atomic_open(args.out) as file:
        file.write(f'{text}\n')


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
