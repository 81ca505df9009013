"""Make a submission again from stored tables, and say what it goes back to."""
import argparse
from pathlib import Path

EXAMPLE = """examples:
  mmcomp replay work_dirs/demo                                      the newest submission of a recipe
  mmcomp replay work_dirs/demo --submission handed_in.csv           the one that was handed in
  mmcomp replay work_dirs/demo --trace                              and all that it goes back to

Ends with status 0 if it comes out the same, byte for byte, and 1 if not. Predictions are taken as they are stored,
after a look at their sha256; ensembles, re-distribution and the submission are computed again."""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('work_dir', type=Path, help='work folder of a recipe')
    parser.add_argument('--submission', type=Path, metavar='FILE', help='(default: the newest of the work folder)')
    parser.add_argument('--out', type=Path, metavar='FILE', help='write the new one here')
    parser.add_argument('--trace', action='store_true', help='list configs, checkpoints, tables and data behind it')
    return parser.parse_args(argv)


def main(argv=None):
    args = parse_args(argv)
    import hashlib

    from mmcomp.errors import DataError
    from mmcomp.recipes.ledger import Ledger
    from mmcomp.recipes.replaying import describe, replay
    if not (args.work_dir / 'ledger.db').is_file():
        raise DataError(f'{args.work_dir}: there is no ledger.db. Give the work folder of a recipe.')
    if args.submission and not args.submission.is_file():
        raise DataError(f'{args.submission}: no such file. Check the path.')
    done = replay(args.work_dir, args.submission, args.out)
    print(f'computed again: {", ".join(done.stages)}')
    print(f'as stored: {", ".join(done.taken)}')
    if args.trace:
        ledger = Ledger(args.work_dir / 'ledger.db')
        digest = hashlib.sha256((args.submission or done.path).read_bytes()).hexdigest()
        print('\n'.join(describe(ledger, ledger.result_of(digest)['key'])))
    print('the same, byte for byte' if done.same else 'NOT the same')
    return 0 if done.same else 1


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
