"""Stages of the Jigsaw toxicity recipes; a recipe names this module in its ``custom_imports``."""
from dataclasses import dataclass

from mmcomp.recipes.stage import STAGES, Output, Site, Stage, takes


@STAGES.register_module()
@dataclass(frozen=True)
class PrepareJigsaw(Stage):
    """Check a table with labels and list it: ids to be split into folds, what folds keep together, codes to score by.

    See :mod:`mmcomp.competitions.jigsaw.preparation`. The table is that of the
    training, or a released one of the test.
    """
    outputs = dict(all=Output('annotations', 'all.txt'), truth=Output('annotations', 'truth.txt'),
                   groups=Output('file', 'groups.txt'), statistics=Output('file', 'statistics.json'))
    table: str = takes('file')

    def run(self, site: Site) -> str:
        from mmcomp.competitions.jigsaw.preparation import read_labelled, write_lists
        found = write_lists(read_labelled(self.table), site.folder)
        return (f'{found["rows"]} rows, {100 * found["toxic"]:.1f} % toxic, {100 * found["with_identity"]:.1f} % name '
                f'an identity, {found["rows_of_repeated_texts"]} repeat a text')


@STAGES.register_module()
@dataclass(frozen=True)
class MakeJigsaw(Stage):
    """Made-up tables in the competition's shape; see :func:`mmcomp.competitions.jigsaw.synthetic.write_competition`."""
    outputs = dict(train=Output('file', 'train.csv'), test=Output('file', 'test.csv'),
                   sample=Output('file', 'sample_submission.csv'),
                   released=Output('file', 'test_private_expanded.csv'))
    train_rows: int = 4000
    test_rows: int = 1000
    words: int = 2000
    seed: int = 0

    def run(self, site: Site) -> str:
        from mmcomp.competitions.jigsaw.synthetic import write_competition
        write_competition(site.folder, self.train_rows, self.test_rows, self.seed, self.words)
        return f'{self.train_rows} comments to train on, {self.test_rows} to predict'
