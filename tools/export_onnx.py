#!/usr/bin/env python
"""Export a model as an ONNX file and compare its numbers with torch's."""
import argparse

EXAMPLE = """examples:
  python tools/export_onnx.py CONFIG soup.pth --out model.onnx
  python tools/export_onnx.py CONFIG soup.pth --out model-half.onnx --half --tolerance 0.02
  python tools/export_onnx.py configs/wechat/clip-b16.py tower.pth --out frames.onnx --part vision
  python tools/export_onnx.py configs/jigsaw/bert.py bert.pth --out words.onnx --part text

The file is run by onnxruntime on a batch of the config's test data, and on made-up inputs of another number and
length. Where a number differs by more than the tolerance the exit status is 1 and no file is left. Batch and length
are free. Class names, size and normalization of images, tokenizer and the checkpoint's hash are in the file's metadata.
It needs onnx, onnxscript and onnxruntime.
"""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', metavar='CONFIG', help='config file')
    parser.add_argument('checkpoint', metavar='CHECKPOINT', help='checkpoint file')
    parser.add_argument('--out', required=True, metavar='FILE', help='the file to write, .onnx')
    parser.add_argument('--part', choices=['scores', 'vision', 'text'], default='scores',
                        help='inputs to logits and scores, images to features, or ids to tokens (default %(default)s)')
    parser.add_argument('--opset', type=int, metavar='N', help="version of ONNX's operators (default: torch's choice)")
    parser.add_argument('--half', action='store_true',
                        help='weights and arithmetic in float16; inputs and outputs stay float32')
    parser.add_argument('--static', action='store_true', help='batch and lengths stay those of the batch that is tried')
    parser.add_argument('--normalized', action='store_true',
                        help='images come normalised, instead of being normalised inside')
    parser.add_argument('--tolerance', type=float, metavar='X', help='largest difference of logits, features or tokens '
                        '(default 0.001, with --half 0.05)')
    parser.add_argument('--batch-size', type=int, default=8, metavar='N',
                        help='samples of the test data to compare (default %(default)s)')
    parser.add_argument('--keep', action='store_true', help='leave the file though its numbers differ')
    parser.add_argument('--cfg-options', nargs='+', metavar='KEY=VALUE', help='settings that override the config')
    return parser.parse_args(argv)


def main(argv=None):
    args = parse_args(argv)
    from mmcomp.apis.onnx_export.libraries import require_libraries
    require_libraries()
    from mmcomp.apis.config import load_config
    from mmcomp.apis.onnx_export.exporting import export_onnx
    report = export_onnx(load_config(args.config, args.cfg_options), args.checkpoint, args.out, part=args.part,
                         opset=args.opset, half=args.half, static=args.static, normalized=args.normalized,
                         tolerance=args.tolerance, batch_size=args.batch_size, keep=args.keep)
    print(words(report))
    return 0 if report.holds else 1


def words(report):
    """The report as a person reads it."""
    from mmcomp.visualization.text_table import text_table
    inputs, outputs = (', '.join(f'{name} ({", ".join(map(str, shape))})' for name, shape in entries.items())
                       for entries in report.signature)
    rows = [[one.data, f'{one.largest:.1e}', f'{one.mean:.1e}', one.first_changes, one.rank_change, one.shapes]
            for one in report.differences]
    ours, theirs = report.seconds
    end = f'largest difference {report.largest:.1e}, tolerance {report.tolerance:g}: '
    end += 'holds' if report.holds else 'too far apart; the file was kept' if report.kept else \
        'too far apart; no file was written'
    return '\n'.join([
        f'{report.out}: {report.size / 2**20:.2f} MiB, opset {report.opset}', f'takes {inputs}', f'gives {outputs}',
        text_table(['data', 'largest difference', 'mean', 'first class changed', 'largest change of rank', 'shapes'],
                   rows),
        f'seconds a sample: torch {ours:.6f}, onnxruntime {theirs:.6f}', end])


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
