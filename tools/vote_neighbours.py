"""Give samples the classes that their nearest labelled neighbours vote for, as a table of probabilities."""
import argparse

EXAMPLE = """\
example:
  mmcomp vote_neighbours unlabelled.table labelled.table --truth meta/train.txt --classes 200 --k 10 --out votes.table
  mmcomp create_pseudo votes.table --thr 0.79 --members ensemble.table --min-agreement 1 --out pseudo.txt

Both tables hold embeddings of one model; neighbours are those of the highest cosine."""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('table', metavar='TABLE', help='embeddings of the unlabelled samples')
    parser.add_argument('labelled', metavar='LABELLED', help='embeddings of labelled ones')
    parser.add_argument('--truth', required=True, metavar='LIST', help='list of their classes')
    parser.add_argument('--classes', type=int, metavar='C', help='number of classes (default: of the list)')
    parser.add_argument('--k', type=int, default=10, metavar='K', help='voters (default %(default)s)')
    parser.add_argument('--temperature', type=float, metavar='T', help='a vote counts exp(cosine / T); all alike '
                        'without it')
    parser.add_argument('--out', default='votes.table', metavar='FILE', help='(default %(default)s)')
    args = parser.parse_args(argv)
    if args.temperature is not None and not args.temperature > 0:
        parser.error('--temperature is above 0')
    return args


def main(argv=None):
    args = parse_args(argv)
    from mmcomp.annotations import read_list
    from mmcomp.predictions.formats.headers import open_table
    from mmcomp.predictions.joining import match_rows
    from mmcomp.predictions.labels.neighbour_votes import vote_table
    from mmcomp.predictions.progress import track
    from mmcomp.predictions.tables import write_table
    paths, labels = read_list(args.truth, args.classes)
    labelled = open_table(args.labelled)
    labelled = labelled.take(match_rows(paths, labelled.ids, args.labelled))
    found = vote_table(open_table(args.table), labelled, labels, args.classes or int(labels.max()) + 1, args.k,
                       args.temperature, track)
    write_table(found, args.out)
    sure = found.scores.max(axis=1)
    print(f'{len(found)} samples, {args.k} voters each; all agree on {int((sure == 1).sum())}, the mean share of the '
          f'first is {sure.mean():.3f}: wrote {args.out}')


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
