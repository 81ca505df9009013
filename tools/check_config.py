"""List all faults of config files without running them."""
import argparse
from collections.abc import Sequence

EPILOG = """example:
  python tools/check_config.py configs/swin/l-384-arc.py configs/vit/*.py
  python tools/check_config.py configs/swin/l-384-arc.py --strict --cfg-options train_dataloader.batch_size=8
"""


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description='List all faults of config files without running them: unknown types, keywords and top-level '
        'names, missing arguments and files. Exits with 1 if there is an error.',
        epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('configs', nargs='+', metavar='CONFIG', help='config files')
    parser.add_argument('--cfg-options', nargs='+', metavar='KEY=VALUE', help='options to merge into each config')
    parser.add_argument('--strict', action='store_true', help='count missing data and weights as errors')
    parser.add_argument('--verbose', action='store_true', help='also list what can\'t be checked')
    return parser.parse_args(argv)


def faults_of(path: str, args: argparse.Namespace) -> list:
    """Faults of a config, or of a recipe's stages and of the configs they train."""
    from mmcomp.apis.checking.fault import Fault
    from mmcomp.apis.config_check import check_config
    from mmcomp.errors import ConfigError
    from mmcomp.recipes.recipe import configs_of, is_recipe
    if not is_recipe(path):
        return check_config(path, args.cfg_options, args.strict)
    try:
        configs = configs_of(path, args.strict)
    except ConfigError as error:
        return [Fault('recipe', str(error))]
    return [fault for config in configs for fault in check_config(config)]


def main(argv: Sequence[str] | None = None) -> int:
    args = parse_args(argv)
    counts = {'error': 0, 'warning': 0, 'note': 0}
    for path in args.configs:
        for fault in faults_of(path, args):
            counts[fault.level] += 1
            if fault.level != 'note' or args.verbose:
                label = '' if fault.level == 'error' else f'{fault.level}: '
                print(f'{path}: {label}{fault}')
    print(f'{len(args.configs)} configs, {counts["error"]} errors, {counts["warning"]} warnings')
    return 1 if counts['error'] else 0


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
