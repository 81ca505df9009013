"""Lists from folders of images."""
from collections.abc import Sequence
from dataclasses import dataclass

from mmcomp.recipes.stage import STAGES, Output, Site, Stage, takes


@STAGES.register_module()
@dataclass(frozen=True)
class Prepare(Stage):
    """Check every image and list them; see :func:`mmcomp.preparation.prepare_lists`."""
    outputs = dict(train=Output('annotations', 'train.txt'), val=Output('annotations', 'val.txt'),
                   all=Output('annotations', 'all.txt'), unlabelled=Output('annotations', 'mae.txt'),
                   classes=Output('file', 'classes.txt'), bad=Output('file', 'bad.txt'))
    root: str = takes('folder')
    train: str = 'train'
    unlabelled: Sequence[str] = ()
    val_per_class: int = 1
    classes: Sequence[str] | None = None
    check: str = 'decode'
    threads: int = 8
    seed: int = 0

    def run(self, site: Site) -> str:
        from mmcomp.preparation import prepare_lists

        def shown(items, count, what):
            for done, item in enumerate(items):
                if done % 500 == 0:
                    site.progress(done, count, what)
                yield item
        made = prepare_lists(self.root, self.train, self.unlabelled, self.val_per_class, self.classes, self.check,
                             self.threads, self.seed, shown, out=site.folder)
        return f'{made.counts["train"]} images of {len(made.classes)} classes, {len(made.bad)} left out'
