"""Stages of the WeChat video competition: its files, made-up ones, and ``result.csv``.

A recipe names this module in its ``custom_imports``.
"""
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from mmcomp.annotations import write_list
from mmcomp.files import atomic_open
from mmcomp.recipes.stage import STAGES, Output, Site, Stage, takes

LISTS = dict(labeled=Output('annotations', 'labeled.txt'), unlabeled=Output('annotations', 'unlabeled.txt'),
             test=Output('annotations', 'test.txt'), classes=Output('file', 'classes.txt'))


@STAGES.register_module()
@dataclass(frozen=True)
class WeChatFiles(Stage):
    """Lists of the competition's annotations, ``id label`` of the labeled ones; what is wrong is said.

    Args:
        annotations: The folder of JSON files.
        test: Name of the test split.
        leaves: Leaves of each parent, by default the 200 of the competition.
    """
    outputs = LISTS
    annotations: str = takes('folder')
    test: str = 'test'
    leaves: Sequence[int] | None = None

    def run(self, site: Site) -> str:
        counts = write_lists(Path(self.annotations), site.folder, self.leaves, self.test)
        return ', '.join(f'{number} {split}' for split, number in counts.items())


@STAGES.register_module()
@dataclass(frozen=True)
class WeChatTwin(Stage):
    """Made-up videos in the competition's files; see :class:`mmcomp.competitions.wechat.synthetic.Twin`.

    ``images`` also writes frames of ``side`` pixels. ``truth`` and
    ``unlabeled_truth`` are lists of the true classes, for scoring alone.
    """
    outputs = dict(
        root=Output('folder', 'data'), vocab=Output('file', 'data/vocab.txt'), **LISTS,
        truth=Output('annotations', 'data/truth/test.txt'),
        unlabeled_truth=Output('annotations', 'data/truth/unlabeled.txt'))
    leaves: Sequence[int] = (9, 5, 9, 6, 6, 3)
    labeled: int = 2000
    unlabeled: int = 4000
    test: int = 1000
    imbalance: float = 20.
    noise: float = .05
    width: int = 64
    clarity: float = 4.
    telling: float = .15
    common: int = 400
    missing: Sequence[float] = (.05, .3, .3, .02)
    seed: int = 0
    images: bool = False
    side: int = 40

    def run(self, site: Site) -> str:
        from mmcomp.competitions.wechat.synthetic import Twin, write_twin
        twin = Twin(**{field.name: getattr(self, field.name) for field in fields(Twin)})
        write_twin(site.folder / 'data', twin, self.images, self.side, site.progress)
        counts = write_lists(site.folder / 'data/annotations', site.folder, self.leaves)
        return ', '.join(f'{number} {split}' for split, number in counts.items())


@STAGES.register_module()
@dataclass(frozen=True)
class WeChatResult(Stage):
    """``result.csv``, one ``id,category_id`` line a test video, checked against the list of them."""
    outputs = dict(submission=Output('submission', 'result.csv'))
    replayable = True
    predictions: str = takes('table', 'labels')
    test: str = takes('annotations')
    leaves: Sequence[int] | None = None

    def run(self, site: Site) -> str:
        from mmcomp.annotations import read_list
        from mmcomp.competitions.wechat.submission import write_result
        from mmcomp.predictions.submissions.submission import predicted_classes
        ids, codes = predicted_classes(self.predictions)
        wanted, _ = read_list(self.test, with_label=False)
        count = write_result(site.folder / 'result.csv', ids, codes, wanted, _taxonomy(self.leaves))
        return f'{count} rows, {len(set(codes))} classes'


def write_lists(annotations: Path, out: Path, leaves: Sequence[int] | None = None,
                test: str = 'test') -> dict[str, int]:
    """Write ``labeled.txt`` with labels, ``unlabeled.txt`` and ``test.txt`` with ids, and ``classes.txt``.

    Returns:
        The number of videos of each.

    Raises:
        DataError: If a file, an id or a category is wrong.
    """
    from mmcomp.datasets.annotation_rows import ids_of, read_rows
    taxonomy, counts = _taxonomy(leaves), {}
    for name, split in (('labeled', 'labeled'), ('unlabeled', 'unlabeled'), ('test', test)):
        path = annotations / f'{split}.json'
        rows = read_rows(path)
        ids, labels = ids_of(rows, 'id', str(path)), None
        if name == 'labeled':
            labels = taxonomy.labels([row.get('category_id') for row in rows], f'{path}, category_id')
        write_list(out / f'{name}.txt', ids, labels)
        counts[name] = len(ids)
    with atomic_open(out / 'classes.txt') as file:
        file.writelines(f'{code}\n' for code in taxonomy.codes)
    return counts


def _taxonomy(leaves: Sequence[int] | None):
    from mmcomp.competitions.wechat.taxonomy import Taxonomy
    return Taxonomy.from_counts(leaves) if leaves else Taxonomy.from_counts()
