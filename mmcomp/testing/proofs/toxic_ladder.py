"""What each idea of the published Jigsaw system adds, on a few ten thousand real texts and models from nothing."""
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np

from mmcomp.competitions.jigsaw.bias import is_yes
from mmcomp.competitions.jigsaw.columns import MAIN, METRIC_IDENTITIES, TARGETS
from mmcomp.competitions.jigsaw.weights import sample_weights
from mmcomp.files import atomic_path, write_json
from mmcomp.metrics.bias_auc import coded_groups
from mmcomp.predictions.labels.folds import grouped_folds, groups_by_text
from mmcomp.recipes.road import Recipe
from mmcomp.recipes.work_folder import WorkFolder
from mmcomp.structures import PredictionTable
from mmcomp.testing.proofs.toxic_blends import doubled, last, mixed, searched
from mmcomp.testing.proofs.toxic_models import recipes
from mmcomp.testing.proofs.toxic_scores import Judge, Rung
from mmcomp.testing.proofs.toxic_start import Effort, Started
from mmcomp.testing.proofs.toxic_texts import write_toxic_texts

PUBLISHED = (4, 2, .75, .75)
POWER = 3.5


class Climb:
    """One seed's trainings, predictions and rungs.

    Args:
        source: The folder of the public sets.
        work: The work folder.
        base: The folder ``configs/_base_``.
        effort: Sizes and epochs.
        seed: Of the choice of rows, the parts and the trainings.
        rows: Most rows of a set.
    """

    def __init__(self, source: Path, work: WorkFolder, base: Path, effort: Effort, seed: int,
                 rows: dict[str, int] | None = None):
        self.work, self.effort, self.seed, self.root = work, effort, seed, work.root.resolve() / 'data'
        work.step('data', lambda: _told(write_data(source, self.root, seed, effort.folds, rows)),
                  [self.root / 'everything.csv'], settings=[seed, effort.folds, rows], folder=self.root)
        self.started = Started(work, self.root, effort, seed)
        self.published = recipes(work.root.resolve() / 'configs', base, self.root, self.started, effort)
        # Without sample weights; see `lstms`.
        self.recipes = {name: recipe.but(train_dataloader__dataset__weight_col=None)
                        for name, recipe in self.published.items()}
        self.judge, self.rungs = Judge(self.root), []
        self.scores: dict[str, PredictionTable] = {}

    # ---------------------------------------------------------------- trainings and tables

    def fit(self, name: str, recipe: Recipe, table: str = 'train.csv', *, soft: Path | None = None,
            checkpoints: int = 1) -> list[Path]:
        """Train on a table, and predict everything with the newest checkpoints; one prediction table each.

        Args:
            name: Of the model.
            recipe: What to train.
            table: With the rows to train on.
            soft: A prediction table in place of the targets.
            checkpoints: How many; 0 for that of each epoch.
        """
        folder, options = self.work.root.resolve() / 'models' / name, dict(recipe.options)
        options['train_dataloader.dataset.ann_file'] = str(self.root / table)
        if soft:
            options['train_dataloader.dataset.soft_targets'] = str(soft.resolve())

        def make() -> str:
            from mmcomp.apis import load_config
            from mmcomp.apis.training import train
            with self.work.quiet():
                runner = train(load_config(recipe.config, options), work_dir=str(folder), resume='auto',
                               validate=False, seed=self.seed)
            return f'{len(runner.train_dataloader.dataset)} texts, {runner.max_epochs} epochs'

        inputs = [*recipe.files(), self.root / table, *([soft] if soft else []), *self.started.files(recipe)]
        self.work.step(f'train {name}', make, [folder / 'last_checkpoint'], inputs,
                       dict(options=options, seed=self.seed), folder)
        return self.predict(name, recipe, folder, self.root / 'everything.csv', checkpoints)

    def predict(self, name: str, recipe: Recipe, folder: Path, table: Path, checkpoints: int = 0) -> list[Path]:
        """Predict a table with the newest checkpoints (0: all) in one pass; tables from the oldest to the newest."""
        from mmcomp.checkpoints.soup import find_members
        members = find_members(folder)[-checkpoints:]
        outs = [self.work / f'tables/{name}-{place + 1}.pkl' for place in range(len(members))]

        def make() -> str:
            from mmcomp.apis import load_config
            from mmcomp.apis.prediction import predict_tables
            with self.work.quiet():
                tables = predict_tables(load_config(recipe.config, recipe.options), [str(m) for m in members],
                                        [str(out) for out in outs], ann=str(table))
            return f'{len(tables[0])} texts, {len(outs)} checkpoints'

        self.work.step(f'predict {name}', make, outs, [*recipe.files(), *members, table],
                       dict(options=recipe.options))
        return outs

    def held_out(self, name: str, recipe: Recipe) -> tuple[list[Path], Path]:
        """Train a model a fold. Tables of everything, a fold each; and of the training rows, each by the model of the
        others (its checkpoints weighted by powers of two)."""
        from mmcomp.predictions.stacking import stack
        from mmcomp.predictions.tables import write_table
        everything, held, out = [], [], self.work / f'tables/{name}-held.pkl'
        for fold in range(self.effort.folds):
            at = f'{name}-fold{fold}'
            everything.append(self.fit(at, recipe, f'fold{fold}-train.csv', checkpoints=0))
            held.append(self.predict(f'{at}-held', recipe, self.work.root.resolve() / 'models' / at,
                                     self.root / f'fold{fold}-held.csv'))
        write_table(stack([doubled(tables) for tables in held]).gather(), out)
        return everything, out

    # ---------------------------------------------------------------- rungs

    def add(self, name: str, table: PredictionTable, over: str | None = None) -> None:
        """Judge the first column of a table as a step."""
        self.scores[name] = table
        values = self.judge.judge(table.ids.tolist(), table.scores[:, 0].astype(np.float64))
        self.rungs.append(Rung(name, values, over))
        write_json(self.work / 'rungs.json', [asdict(rung) for rung in self.rungs])
        self.work.say(f'  {name}: score {100 * values["score"]:.2f}')

    def val_truth(self) -> tuple[np.ndarray, np.ndarray]:
        """Ids of the validation rows, and whether they are toxic and whom they mention as one integer."""
        table = self.judge.sets['val']
        return table['id'].to_numpy(str), coded_groups(is_yes(table[MAIN].to_numpy()),
                                                       is_yes(table[list(METRIC_IDENTITIES)].to_numpy()))


def run_ladder(source: Path, work: WorkFolder, base: Path, effort: Effort, seed: int = 0,
               rows: dict[str, int] | None = None) -> list[Rung]:
    """Train and judge every step; see :class:`Climb`. The rungs are also in ``rungs.json`` of the work folder,
    as far as it has come."""
    climb = Climb(source, work, base, effort, seed, rows)
    climb.add('TF-IDF', tf_idf_table(climb))
    first, second = lstms(climb)
    bert, gpt2 = transformers(climb)
    blends(climb, dict(bert=bert, gpt2=gpt2, first=first, second=second))
    besides(climb, first)
    return climb.rungs


def lstms(climb: Climb) -> tuple[str, str]:
    """The steps from one LSTM to several; names of the first and the second one's best.

    The published sample weights are made for one toxic comment in twelve. Here
    it is every second, and the road goes on without them.
    """
    plain, first, second = climb.recipes['lstm'], 'checkpoints, 1:2:4:…', '(LSTM 2 alone)'
    single = plain.but(**_one_task(True))
    climb.add('LSTM, random vectors', last(climb.fit('lstm-random', single.but(**climb.started.random()))))
    climb.add('word vectors', last(climb.fit('lstm-vectors', single)), 'LSTM, random vectors')
    climb.add('shares as targets', last(climb.fit('lstm-shares', plain.but(**_one_task(False)))), 'word vectors')
    tables = climb.fit('lstm-subtypes', plain, checkpoints=0)
    climb.add('five sub-types beside', last(tables), 'shares as targets')
    climb.add('(identity weights)', last(climb.fit('lstm', climb.published['lstm'])), 'five sub-types beside')
    climb.add(first, doubled(tables), 'five sub-types beside')
    climb.add(second, doubled(climb.fit('lstm2', climb.recipes['lstm2'], checkpoints=0)), first)
    climb.add('both LSTMs', mixed([climb.scores[first], climb.scores[second]]), first)
    return first, second


def transformers(climb: Climb) -> tuple[str, str]:
    """The steps of the transformers; names of the BERT and of the GPT-2 to blend."""
    bert = 'BERT, random weights'
    climb.add(bert, last(climb.fit('bert-random', climb.recipes['bert'])))
    if climb.effort.masked:
        climb.add('masked words first', last(climb.fit('bert', climb.recipes['masked'])), bert)
        bert = 'masked words first'
    climb.add('(GPT-2, random weights)', last(climb.fit('gpt2', climb.recipes['gpt2'])), 'BERT, random weights')
    return bert, '(GPT-2, random weights)'


def blends(climb: Climb, names: dict[str, str]) -> None:
    """The blend of four models as published, and other ways to blend them."""
    tables = [climb.scores[name] for name in names.values()]
    climb.add('blend 4 : 2 : ¾ : ¾', mixed(tables, PUBLISHED), names['bert'])
    over = 'blend 4 : 2 : ¾ : ¾'
    climb.add('(equal weights)', mixed(tables), over)
    climb.add('(power 3.5)', mixed(tables, PUBLISHED, method='power', power=POWER), over)
    climb.add('(ranks)', mixed(tables, PUBLISHED, method='rank'), over)
    weights, refused = searched(tables, climb.val_truth())
    climb.work.say(f'  searched weights: {np.round(weights, 2).tolist()}{", refused" if refused else ""}')
    climb.add('searched weights', mixed(tables, weights), over)
    tables.append(climb.scores['TF-IDF'])
    weights, refused = searched(tables, climb.val_truth())
    climb.work.say(f'  with TF-IDF: {np.round(weights, 2).tolist()}{", refused" if refused else ""}')
    climb.add('(TF-IDF as a fifth)', mixed(tables, weights), 'searched weights')


def besides(climb: Climb, over: str) -> None:
    """What is no part of the road: models of the folds, a student that they teach out of fold, weights by readers."""
    folds, held = climb.held_out('lstm', climb.recipes['lstm'])
    climb.add(f'({len(folds)} LSTMs, a fold each)', mixed(list(map(doubled, folds))), over)
    student = climb.fit('student', climb.recipes['lstm'], soft=held, checkpoints=0)
    climb.add('(student of these)', doubled(student), over)
    by_readers = climb.published['lstm'].but(train_dataloader__dataset__weight_col='w1w3')
    climb.add('(identity weights, by readers)', last(climb.fit('lstm-readers', by_readers)), '(identity weights)')


def tf_idf_table(climb: Climb) -> PredictionTable:
    """The plain rival: TF-IDF, logistic regression, readers' shares as targets, its strength chosen on ``val.csv``."""
    import pandas as pd

    from mmcomp.predictions.tables import read_table, write_table
    from mmcomp.testing.proofs.text_proof import logistic_regression, tf_idf
    out = climb.work / 'tables/tf-idf.pkl'
    train, val, everything = (climb.root / f'{name}.csv' for name in ('train', 'val', 'everything'))

    def make() -> None:
        frames = [pd.read_csv(path, keep_default_na=False) for path in (train, val, everything)]
        features = tf_idf(*(frame['comment_text'].tolist() for frame in frames))
        truth = is_yes(frames[1][[MAIN]].to_numpy(float))
        scores = logistic_regression(features, frames[0][[MAIN]].to_numpy(float), truth, strengths=(1, 3))
        write_table(PredictionTable(frames[2]['id'].tolist(), scores.astype(np.float32), 'value', TARGETS[:1]), out)

    climb.work.step('TF-IDF', make, [out], [train, val, everything])
    return read_table(out)


# ---------------------------------------------------------------- data


def write_data(source: Path, root: Path, seed: int, folds: int, rows: dict[str, int] | None = None) -> dict[str, int]:
    """The tables of :func:`write_toxic_texts`, the training ones with weights, and those of the folds."""
    import pandas as pd
    sizes = write_toxic_texts(source, root, seed, rows)
    table = pd.read_csv(root / 'train.csv', keep_default_na=True)
    fold = grouped_folds(is_yes(table[MAIN].to_numpy()).astype(int), groups_by_text(table['comment_text'].tolist()),
                         folds, seed)
    parts = {'train': table, **{f'fold{k}-train': table[fold != k] for k in range(folds)}}
    for name, part in parts.items():
        _write(root / f'{name}.csv', with_weights(part))
    for k in range(folds):
        _write(root / f'fold{k}-held.csv', table[fold == k])
    return sizes


def with_weights(table):
    """Columns ``w1``, the published weights, and ``w1w3``, times the confidence in the readers, of these rows alone."""
    target, identities, counts = (table[MAIN].to_numpy(), table[list(METRIC_IDENTITIES)].to_numpy(),
                                  table['toxicity_annotator_count'].to_numpy())
    return table.assign(w1=sample_weights(target, identities),
                        w1w3=sample_weights(target, identities, counts, confidence='clip'))


def _write(path: Path, table) -> None:
    with atomic_path(path) as temporary:
        table.to_csv(temporary, index=False)


def _told(sizes: dict[str, int]) -> str:
    return ', '.join(f'{count} {name}' for name, count in sizes.items())


def _one_task(binary: bool) -> dict:
    """Options for a model of the main target alone, as a yes or no if ``binary``."""
    loss = dict(_delete_=True, type='WeightedMultiTaskBCELoss', binarize=.5 if binary else None)
    return dict(model__head__num_classes=1, model__head__loss=loss,
                train_dataloader__dataset__target_cols=[MAIN], test_dataloader__dataset__target_cols=[MAIN])


def read_rungs(path: Path) -> list[Rung]:
    """What :func:`run_ladder` has left."""
    return [Rung(**row) for row in json.loads(path.read_text(encoding='utf-8'))]
