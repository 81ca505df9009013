"""Build a folder of word vectors from the text files of fastText and GloVe."""
import argparse

EXAMPLE = """\
examples:
  mmcomp build_embeddings crawl-300d-2M.vec.zip glove.840B.300d.zip --out data/embeddings/crawl-glove
  mmcomp build_embeddings my-vectors.txt --max-words 200000 --out data/embeddings/mine

A line of a file is a word and its numbers; .vec and .txt are read, also as .gz or alone in a .zip. Several files
stand side by side: 300 numbers of the one and 300 of the other make vectors of 600. BiLSTMEncoder takes the folder as
`store`. Vectors are kept as float16, half the size of what a model would keep, once for all models."""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('sources', metavar='FILE', nargs='+', help='files of vectors, in the order of their numbers')
    parser.add_argument('--out', required=True, metavar='DIR', help='the folder to write')
    parser.add_argument('--max-words', type=int, metavar='N', help='of each file its first N words only')
    parser.add_argument('--skip-broken', action='store_true', help='leave out broken lines, instead of refusing')
    return parser.parse_args(argv)


def main(argv=None):
    args = parse_args(argv)
    from mmcomp.structures.embedding_building import build_embeddings
    build_embeddings(args.sources, args.out, max_words=args.max_words, skip_broken=args.skip_broken)
    print(f'wrote {args.out}')


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
