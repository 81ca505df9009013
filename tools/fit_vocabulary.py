"""Write the words of a config's texts as the vocabulary of its tokenizer."""
import argparse

EXAMPLE = """\
examples:
  mmcomp fit_vocabulary configs/jigsaw/lstm1.py
  mmcomp fit_vocabulary configs/jigsaw/lstm2.py --max-features 400000 --min-count 2 --out data/jigsaw/words.txt

Counts the words of `train_dataloader`'s table behind its text transforms. `--also` counts further tables with the same
text columns, such as the test set's; a config with `vocabulary = dict(rebuild=True)` does not need that, for at
prediction it counts the words of what it predicts."""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', metavar='CONFIG', help="config of a text data set with tokenizer=dict(type='Words')")
    parser.add_argument('--also', nargs='+', default=[], metavar='TABLE', help='count these tables, too')
    parser.add_argument('--min-count', type=int, default=1, metavar='N', help='rarer words are unknown (default 1)')
    parser.add_argument('--max-features', type=int, metavar='N', help='keep so many words at most')
    parser.add_argument('--out', metavar='FILE', help='(default: what the tokenizer of the config reads)')
    parser.add_argument('--cfg-options', nargs='+', metavar='KEY=VALUE', help='changes of the config')
    return parser.parse_args(argv)


def main(argv=None):
    args = parse_args(argv)
    from mmcomp.apis.config import load_config
    from mmcomp.datasets.word_vocabulary import WordVocabulary, dataset_words
    dataset = load_config(args.config, args.cfg_options).train_dataloader.dataset.to_dict()
    vocabulary = WordVocabulary(dataset_words(dataset, args.also), args.min_count, args.max_features)
    out = args.out or dataset['tokenizer']['vocab']
    vocabulary.write(out)
    print(f'{len(vocabulary)} words, {100 * vocabulary.coverage:.2f} % of the texts: wrote {out}')


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
