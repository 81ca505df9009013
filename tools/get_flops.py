"""Count parameters, multiply-adds and activations of a config's model."""
import argparse

EXAMPLE = """example:
  python tools/get_flops.py configs/swin/l-384-arc.py --shape 384 384
"""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', metavar='CONFIG', help='config file')
    parser.add_argument('--shape', type=int, nargs='+', metavar='N',
                        help="height and width of the input, or one number (default: the backbone's, else 224)")
    parser.add_argument('--cfg-options', nargs='+', metavar='KEY=VALUE', help='settings that override the config')
    args = parser.parse_args(argv)
    if args.shape and len(args.shape) > 2:
        parser.error('--shape takes one or two numbers')
    return args


def main(argv=None):
    args = parse_args(argv)
    from mmcomp.apis.complexity import build_model, complexity, input_shape
    from mmcomp.apis.config import load_config
    from mmcomp.visualization.text_table import text_table
    cfg = load_config(args.config, args.cfg_options)
    shape = (args.shape[0], args.shape[-1]) if args.shape else input_shape(cfg)
    costs = complexity(build_model(cfg), shape)
    rows = [[name, f'{cost.parameters / 1e6:.3f}', f'{cost.multiply_adds / 1e9:.3f}', f'{cost.activations / 1e6:.3f}']
            for name, cost in costs.items()]
    print(f'one image of 3 x {shape[0]} x {shape[1]}')
    print(text_table(['part', 'parameters (M)', 'multiply-adds (G)', 'activations (M)'], rows))
    print('Papers on image models mostly call a multiply-add a FLOP; counted as two, double the column.')


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
