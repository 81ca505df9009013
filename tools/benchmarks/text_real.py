"""Compare a small BERT, trained from nothing, with TF-IDF and logistic regression on real tweets."""
import argparse
import os
from pathlib import Path

EXAMPLE = """\
example:
  python tools/benchmarks/text_real.py data/davidson --work-dir work_dirs/tweets

The folder holds labeled_data.csv (or .csv.gz) of github.com/t-davidson/hate-speech-and-offensive-language: tweets and
how many readers took them for hateful, offensive or neither. No tweet is shown."""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('source', type=Path, metavar='FOLDER', help='the folder of labeled_data.csv')
    parser.add_argument('--vocab', type=Path, metavar='FILE',
                        help='a BERT vocabulary, a word piece a line (default: 4000 learnt from the training texts)')
    parser.add_argument('--epochs', type=int, default=3, metavar='N', help='of a BERT (default %(default)s)')
    parser.add_argument('--seeds', type=int, nargs='+', default=[0, 1, 2], metavar='N', help='a BERT each '
                        '(default 0 1 2)')
    parser.add_argument('--split-seed', type=int, default=0, metavar='N', help='of the parts (default %(default)s)')
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs/text_real'), metavar='DIR',
                        help='where all results go (default %(default)s)')
    return parser.parse_args(argv)


def main(argv=None):
    args = parse_args(argv)
    # Read when torch is loaded; more threads get in each other's way on models this small.
    os.environ.setdefault('OMP_NUM_THREADS', '1')
    import time

    from mmcomp.testing.proofs.text_proof import Texts, proof_rows, prove
    from mmcomp.testing.proofs.tweets import train_word_pieces, write_tweets
    from mmcomp.testing.speed.measuring import markdown
    start, root = time.perf_counter(), args.work_dir.resolve() / 'data'
    root.mkdir(parents=True, exist_ok=True)
    sizes = write_tweets(args.source, root, args.split_seed)
    vocab = args.vocab.resolve() if args.vocab else root / 'vocab.txt'
    # Learnt anew its ids may differ in ties, and trained models that are resumed know the old ones.
    if not args.vocab and not vocab.is_file():
        train_word_pieces(root / 'train.csv', 4000, vocab)
    base = Path(__file__).resolve().parents[2] / 'configs/_base_'
    scores = prove(root, base, vocab, args.work_dir.resolve(), epochs=args.epochs, seeds=args.seeds)
    truth = Texts.read(root / 'test.csv').truth
    print(markdown(list(proof_rows(truth, scores, over='TF-IDF, votes as targets'))))
    print(f'\n{sizes["train"]} tweets for training, {sizes["val"]} for choosing, {sizes["test"]} for this table: '
          f'{truth[:, 0].sum()} toxic and {truth[:, 1].sum()} hateful. {len(args.seeds)} BERTs, {args.epochs} epochs. '
          f'± one standard error, of a difference on the same tweets. {time.perf_counter() - start:.0f} s.')


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
