"""Say what is wrong with this installation, one line and remedy each."""
import argparse


def parse_args(argv=None):
    parser = argparse.ArgumentParser(
        description=f'{__doc__} Ends with status 1 if anything is.', epilog='Example: python tools/doctor.py',
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--quiet', action='store_true', help='print the problems only, not what is installed')
    return parser.parse_args(argv)


def main(argv=None):
    args = parse_args(argv)
    from mmcomp.apis.doctor import collect_env, listing, problems
    if not args.quiet:
        print(listing(collect_env()), end='\n\n')
    found = problems()
    for line in found:
        print(f'problem: {line}')
    if not found:
        print('No problem found.')
    return 1 if found else 0


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
