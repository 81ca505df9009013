"""What each way of re-distribution makes of made-up test sets, even and uneven."""
from dataclasses import dataclass

import numpy as np

from mmcomp.predictions.counts.redistribution import redistribution
from mmcomp.testing.proofs.leaning_predictions import class_counts, leaning_predictions

KINDS = ('even', 'multinomial', 'long tail', 'shifted')


@dataclass
class Row:
    """Of each seed: accuracies in percent, ``{way: [...]}``; strengths that the default took; greedy's best K."""
    kind: str
    leaning: float
    accuracies: dict[str, list[float]]
    strengths: list[float]
    floors: list[int]


def quality_row(kind: str, leaning: float, classes: int, each: int, seeds: list[int], noise: float) -> Row:
    """One kind of test set, all ways."""
    row = Row(kind, leaning, {}, [], [])
    for seed in seeds:
        rng = np.random.default_rng(seed)
        table, truth = leaning_predictions(class_counts(kind, classes, each, rng), rng, noise, leaning)
        default = redistribution(table)
        labels = {'argmax': table.labels(), 'sinkhorn': redistribution(table, 'sinkhorn').labels,
                  'assignment': redistribution(table, 'assignment').labels,
                  'prior': redistribution(table, 'prior').labels, 'default': default.labels}
        found = {name: 100 * float((one == truth).mean()) for name, one in labels.items()}
        floors = range(1, len(table) // classes + 1)  # all that are allowed
        tried = {floor: 100 * float((redistribution(table, floor=floor).labels == truth).mean()) for floor in floors}
        row.floors.append(max(tried, key=tried.get))
        found['greedy'] = tried[row.floors[-1]]
        for name, accuracy in found.items():
            row.accuracies.setdefault(name, []).append(accuracy)
        row.strengths.append(default.evidence.value)
    return row


def markdown(rows: list[Row]) -> str:
    """Mean accuracies; of the default also the gain over argmax with its standard deviation over seeds."""
    ways = ('argmax', 'greedy', 'sinkhorn', 'assignment', 'prior', 'default')
    lines = ['| test set | leaning | argmax | greedy, best K | sinkhorn | assignment | prior | default '
             '| default over argmax | its strength | best K |', '|' + '---|' * 11]
    for row in rows:
        means = ' | '.join(f'{np.mean(row.accuracies[way]):.1f}' for way in ways)
        gain = np.subtract(row.accuracies['default'], row.accuracies['argmax'])
        lines.append(f'| {row.kind} | {row.leaning:g} | {means} | {gain.mean():+.1f} ± {gain.std():.1f} '
                     f'| {min(row.strengths):g}…{max(row.strengths):g} | {min(row.floors)}…{max(row.floors)} |')
    return '\n'.join(lines)
