"""Measure what each step of the fine-grained image system adds, on Omniglot."""
import argparse
import os
from pathlib import Path

EXAMPLE = """\
example:
  python tools/benchmarks/accv_ladder.py data/omniglot --seeds 0 1 2 --classes 200 --out ladder.md

The folder holds images_background.zip and images_evaluation.zip of github.com/brendenlake/omniglot. A seed decides the
characters, the long tail, the wrong labels and the trainings. Seeds that are done are not trained again."""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('source', type=Path, metavar='OMNIGLOT_DIR', help='the folder of the two archives')
    parser.add_argument('--seeds', type=int, nargs='+', default=[0, 1, 2], metavar='N', help='(default 0 1 2)')
    parser.add_argument('--classes', type=int, default=200, metavar='C', help='characters (default 200)')
    parser.add_argument('--noise', type=float, default=.15, metavar='P', help='wrong labels (default 0.15)')
    parser.add_argument('--pretrain', type=int, default=10, metavar='N', help='epochs of the autoencoder (default 10)')
    parser.add_argument('--epochs', type=int, default=20, metavar='N', help='of the Swin V2 (default 20)')
    parser.add_argument('--vit-epochs', type=int, default=12, metavar='N', help='of the ViT (default 12)')
    parser.add_argument('--again', type=int, default=6, metavar='N', help='epochs of training on (default 6)')
    parser.add_argument('--raw', action='store_true', help='also train on pseudo labels that are not evened out')
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs/accv_ladder'), metavar='DIR',
                        help='where all results go (default %(default)s)')
    parser.add_argument('--out', type=Path, default=Path('accv_ladder.md'), metavar='FILE',
                        help='the table (default %(default)s)')
    return parser.parse_args(argv)


def climb(args, seed: int):
    """Rungs and seconds of one seed."""
    from mmcomp.recipes.accv_ladder import Effort, run_ladder
    from mmcomp.recipes.work_folder import WorkFolder
    from mmcomp.testing.proofs.omniglot import write_omniglot
    work = WorkFolder(args.work_dir / f'seed{seed}')
    root = work / 'data'
    work.step('data', lambda: str(write_omniglot(args.source, root, args.classes, args.noise, seed)),
              [root / 'meta/classes.txt'], settings=[args.classes, args.noise, seed], folder=root)
    configs = Path(__file__).resolve().parents[2] / 'configs/demo'
    effort = Effort(args.pretrain, args.epochs, args.vit_epochs, args.again)
    ladder = run_ladder(work, root, configs, effort, seed, args.raw)
    return ladder.rungs, sum(work.seconds().values())


def main(argv=None):
    args = parse_args(argv)
    # Read when torch is loaded; more threads get in each other's way on models this small.
    os.environ.setdefault('OMP_NUM_THREADS', '1')
    from mmcomp.recipes.ladder import compare_seeds
    results = []
    for seed in args.seeds:
        print(f'seed {seed}')
        results.append(climb(args, seed))
        table = compare_seeds([rungs for rungs, _ in results])
        seconds = ', '.join(f'{s:.0f}' for _, s in results)
        done = f'Seeds {args.seeds[:len(results)]}; seconds a seed: {seconds}.'
        args.out.write_text(f'{table}\n{done}\n', encoding='utf-8')
    print(args.out.read_text(encoding='utf-8'))


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
