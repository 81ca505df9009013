"""Measure what each idea of the toxic comments system adds, on public sets of real texts."""
import argparse
import os
from pathlib import Path

EXAMPLE = """\
example:
  python tools/benchmarks/jigsaw_ladder.py data --seeds 0 1 2 --out ladder.md

The folder holds text_davidson, text_civil_toxic_spans, text_toxigen_human, text_convabuse, text_bias_templates and
text_hatecheck, each with the files of its repository. A seed decides the rows, the parts and the trainings. What is
done is not done again; seeds may run side by side, each in a process. No text is shown."""


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('source', type=Path, metavar='FOLDER', help='the folder of the sets')
    parser.add_argument('--seeds', type=int, nargs='+', default=[0, 1, 2], metavar='N', help='(default 0 1 2)')
    parser.add_argument('--lstm-epochs', type=int, default=4, metavar='N', help='(default %(default)s)')
    parser.add_argument('--bert-epochs', type=int, default=5, metavar='N',
                        help='also of the GPT-2 (default %(default)s)')
    parser.add_argument('--masked-epochs', type=int, default=0, metavar='N',
                        help="of the BERT's training on masked words (default %(default)s)")
    parser.add_argument('--rows', type=int, metavar='N', help='most rows of a set (default: 2000 to 4000)')
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs/jigsaw_ladder'), metavar='DIR',
                        help='where all results go (default %(default)s)')
    parser.add_argument('--out', type=Path, default=Path('jigsaw_ladder.md'), metavar='FILE',
                        help='the tables (default %(default)s)')
    return parser.parse_args(argv)


def climb(args, seed: int):
    """Rungs and seconds of one seed."""
    from mmcomp.recipes.work_folder import WorkFolder
    from mmcomp.testing.proofs.toxic_ladder import run_ladder
    from mmcomp.testing.proofs.toxic_start import Effort
    from mmcomp.testing.proofs.toxic_texts import ROWS
    work = WorkFolder(args.work_dir / f'seed{seed}')
    effort = Effort(args.lstm_epochs, args.bert_epochs, args.bert_epochs, args.masked_epochs)
    base = Path(__file__).resolve().parents[2] / 'configs/_base_'
    rungs = run_ladder(args.source, work, base, effort, seed, dict.fromkeys(ROWS, args.rows) if args.rows else None)
    return rungs, sum(work.seconds().values())


def main(argv=None):
    args = parse_args(argv)
    # Read when torch is loaded; more threads get in each other's way on models this small.
    os.environ.setdefault('OMP_NUM_THREADS', '1')
    from mmcomp.testing.proofs.toxic_scores import ELSEWHERE, HELD_OUT, compare_rungs
    from mmcomp.testing.speed.measuring import markdown
    results = []
    for seed in args.seeds:
        print(f'seed {seed}', flush=True)
        results.append(climb(args, seed))
        seeds, seconds = [rungs for rungs, _ in results], ', '.join(f'{s:.0f}' for _, s in results)
        tables = [markdown(compare_rungs(seeds, HELD_OUT, 'score')),
                  markdown(compare_rungs(seeds, ELSEWHERE, 'templates'))]
        done = f'Seeds {args.seeds[:len(results)]}; seconds a seed: {seconds}.'
        args.out.write_text('\n\n'.join([*tables, done]) + '\n', encoding='utf-8')
    print(args.out.read_text(encoding='utf-8'))


if __name__ == '__main__':
    from mmcomp.cli import run
    run(main)
