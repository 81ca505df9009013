"""Find images that look alike, as groups that a split must not part."""
import argparse
from pathlib import Path

EXAMPLE = """\
example:
  mmcomp find_duplicates meta/train.txt --image-root data/train --out groups.txt
  mmcomp split_folds meta/train.txt --groups groups.txt --folds 5

Two images look alike if at most --distance of the 64 bits of their perceptual hashes differ. Look at --pairs before you
trust a larger distance: images of little detail are near to many."""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('ann', metavar='LIST', help='annotation list, or paths alone')
    parser.add_argument('--image-root', default='.', metavar='DIR', help='folder of its paths (default: here)')
    parser.add_argument('--distance', type=int, default=4, metavar='BITS', help='(default %(default)s)')
    parser.add_argument('--threads', type=int, default=4, metavar='N', help='that decode (default %(default)s)')
    parser.add_argument('--pairs', metavar='CSV', help='also write each pair and its distance')
    parser.add_argument('--out', default='groups.txt', metavar='FILE', help='lines of `path group` (default '
                        '%(default)s)')
    args = parser.parse_args(argv)
    if not 0 <= args.distance < 32:
        parser.error('--distance is from 0 to 31; half of the bits differ by chance')
    if args.threads < 1:
        parser.error('--threads is at least 1')
    return args


def main(argv=None):
    args = parse_args(argv)
    import numpy as np

    from mmcomp.annotations import read_list, write_list
    from mmcomp.errors import DataError
    from mmcomp.files import atomic_open
    from mmcomp.predictions.labels.near_duplicates import close_pairs, groups_of, hash_files
    from mmcomp.predictions.progress import track
    try:
        paths, labels = read_list(args.ann)
    except DataError:  # paths alone
        paths, labels = read_list(args.ann, with_label=False)
    hashes = hash_files([str(Path(args.image_root) / path) for path in paths], args.threads, track)
    groups = groups_of(hashes, args.distance, track)
    write_list(args.out, paths, groups)
    if args.pairs:
        pairs, bits = close_pairs(hashes, args.distance, track)
        with atomic_open(args.pairs) as file:
            file.writelines(f'{paths[one]},{paths[other]},{n}\n' for (one, other), n in zip(pairs, bits))
    sizes = np.bincount(groups)
    print(f'{len(paths)} images, {int((sizes > 1).sum())} groups of {int(sizes[sizes > 1].sum())} that look alike, '
          f'the largest of {sizes.max()}: wrote {args.out}')
    if labels is not None:
        lowest, highest = (np.array([call(labels[groups == g]) for g in np.flatnonzero(sizes > 1)])
                           for call in (np.min, np.max))
        print(f'{int((lowest != highest).sum())} of these groups have more than one class')


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
