"""Print versions and sizes that a bug report needs."""
import argparse


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog='Example: python tools/collect_env.py --json',
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--json', action='store_true', help='print one JSON object instead of lines')
    return parser.parse_args(argv)


def main(argv=None):
    args = parse_args(argv)
    import json

    from mmcomp.apis.doctor import collect_env, listing
    facts = collect_env()
    print(json.dumps(facts, indent=2) if args.json else listing(facts))


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
