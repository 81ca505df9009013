"""Look at prediction tables, convert, join and compare them."""
import argparse

EXAMPLE = """\
examples:
  mmcomp table info pkls/swin-l.pkl
  mmcomp table convert pkls/swin-l.pkl swin-l.table --dtype float16
  mmcomp table convert logits.npz swin-l.pkl --kind probability
  mmcomp table convert swin-l.table small.table --top 64
  mmcomp table join fold0.pkl fold1.pkl fold2.pkl --out oof.table
  mmcomp table diff before.pkl after.table --tolerance 1e-6

The suffix says the form: .pkl (a plain pickled dict), .table (a folder that is mapped into memory, so that any number
of members can be combined in little of it), .npz, .csv (`id`, then a column a class), .parquet. A CSV holds neither
kind nor origin. Pickles by other tools are read too; nothing in them is run.

With --top 64 a table of 5000 classes takes a fiftieth of the room. Top classes stay, and so do those of a mean of such
tables wherever the class is among the 64 of every member; --kind probability spreads what is gone evenly again."""
KINDS = ('probability', 'logit', 'embedding', 'value')


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest='verb', required=True, metavar='info|convert|join|diff')
    info = verbs.add_parser('info', help='rows, classes, kind, origin, sums, NaN and top classes')
    info.add_argument('tables', nargs='+', metavar='TABLE')
    convert = verbs.add_parser('convert', help='write a table in another form, type or kind')
    convert.add_argument('table', metavar='TABLE')
    convert.add_argument('out', metavar='OUT')
    convert.add_argument('--dtype', choices=('float16', 'float32'), help='of the scores (default: as they are)')
    convert.add_argument('--top', type=int, metavar='K', help='keep the K highest classes of each row alone, in a '
                         '.table; all others are read as zero, and the mass that they had is kept beside')
    convert.add_argument('--kind', choices=KINDS, help='logits become probabilities by a softmax, and back by a '
                         'logarithm; a `value` becomes what you call it (default: as it is)')
    join = verbs.add_parser('join', help='the rows of tables of different samples, such as folds')
    join.add_argument('tables', nargs='+', metavar='TABLE')
    join.add_argument('--out', required=True, metavar='OUT')
    join.add_argument('--keep-equal', action='store_true',
                      help='a sample may be in two tables if its scores are the same; the first is kept')
    diff = verbs.add_parser('diff', help='what differs between two tables; exit status 1 if anything does')
    diff.add_argument('here', metavar='TABLE')
    diff.add_argument('there', metavar='TABLE')
    diff.add_argument('--tolerance', type=not_negative, default=0., metavar='T',
                      help='scores may differ by so much (default 0)')
    return parser.parse_args(argv)


def not_negative(text):
    if not float(text) >= 0:
        raise argparse.ArgumentTypeError(f'`{text}` must be 0 or more')
    return float(text)


def main(argv=None):
    args = parse_args(argv)
    return dict(info=info, convert=convert, join=join, diff=diff)[args.verb](args)


def info(args):
    from mmcomp.predictions.comparing import summary
    from mmcomp.predictions.formats.headers import open_table
    from mmcomp.predictions.showing import describe, show
    from mmcomp.predictions.tables import form_of
    for path in args.tables:
        table = open_table(path)
        show(path, describe(table, summary(table), form_of(path)))


def convert(args):
    from mmcomp.predictions.formats.headers import open_table
    from mmcomp.predictions.formats.mapped_table import write_top
    from mmcomp.predictions.formats.table_stream import as_type
    from mmcomp.predictions.stacking import of_kind
    table = open_table(args.table)
    stream = as_type(of_kind(table, args.kind or table.kind), args.dtype or table.scores.dtype.name)
    if args.top is None:
        return write(stream, args.out)
    write_top(stream, args.out, args.top, getattr(stream.head.scores, 'rest', None))
    print(f'{len(table)} samples, the {args.top} highest of {table.scores.shape[1]} classes each, kind value, '
          f'{stream.head.scores.dtype}: wrote {args.out}')


def join(args):
    from mmcomp.predictions.formats.headers import open_table
    from mmcomp.predictions.stacking import stack
    write(stack([open_table(path) for path in args.tables], args.keep_equal), args.out)


def write(stream, out):
    from mmcomp.predictions.tables import write_table
    write_table(stream, out)
    rows, columns = stream.head.scores.shape
    print(f'{rows} samples, {columns} classes, kind {stream.head.kind}, {stream.head.scores.dtype}: wrote {out}')


def diff(args):
    from mmcomp.predictions.comparing import difference
    from mmcomp.predictions.formats.headers import open_table
    from mmcomp.predictions.showing import differences, show
    found = difference(open_table(args.here), open_table(args.there))
    lines = differences(found)
    if lines:
        show(f'{args.here} and {args.there}', lines)
    order = ', in another order' if found.moved else ''
    within = f' within {args.tolerance:g}' if args.tolerance else ''
    same = found.same(args.tolerance)
    print(f'{found.rows} samples compared: {f"the same{within}{order}" if same else "different"}')
    return 0 if same else 1


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
