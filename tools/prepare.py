"""Make annotation lists from folders of images, checking every image."""
import argparse

EXAMPLE = """example:
  python tools/prepare.py data/ACCV_workshop --unlabelled testa testb --val-per-class 5

writes data/ACCV_workshop/meta/{all,train,val}.txt with `class/image.jpg <label>` rows, mae.txt with all images
(`train/class/image.jpg`, `testa/x.jpg`) for self-supervised pre-training, classes.txt, and bad.txt with the images
left out and why.
"""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('data_root', help='the folder that holds the others')
    parser.add_argument('--train', default='train', help='its folder of class folders (default: %(default)s)')
    parser.add_argument('--unlabelled', nargs='+', default=[], metavar='FOLDER', help='its folders of test images')
    parser.add_argument('--val-per-class', type=int, default=0, metavar='N',
                        help='images a class held back for validation (default: none; half of a class at most)')
    parser.add_argument('--classes', metavar='FILE', help='class names in label order, one a line (default: sorted)')
    parser.add_argument('--check', choices=['decode', 'quick', 'off'], default='decode',
                        help='decode every image, look at both ends of each file, or trust them (default: %(default)s)')
    parser.add_argument('--threads', type=int, default=8, help='images checked side by side (default: %(default)s)')
    parser.add_argument('--seed', type=int, default=0, help='of the split')
    return parser.parse_args(argv)


def main(argv=None):
    args = parse_args(argv)
    from pathlib import Path

    from rich.progress import track

    from mmcomp.preparation import prepare_lists
    classes = Path(args.classes).read_text(encoding='utf-8').splitlines() if args.classes else None
    result = prepare_lists(
        args.data_root, args.train, args.unlabelled, args.val_per_class, classes, args.check, args.threads, args.seed,
        progress=lambda items, count, what: track(items, description=f'check {what}', total=count))
    print(f'{len(result.classes)} classes;', ', '.join(f'{name}.txt: {n} rows' for name, n in result.counts.items()))
    for name, reason in list(result.bad.items())[:10]:
        print(f'left out {name}: {reason}')
    if len(result.bad) > 10:
        print(f'… {len(result.bad)} images left out; all are in meta/bad.txt')


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
