"""The demo's data as a stage, and an example of a stage of one's own."""
from dataclasses import dataclass

from mmcomp.recipes.stage import STAGES, Output, Site, Stage


@STAGES.register_module()
@dataclass(frozen=True)
class Digits(Stage):
    """Write the digits competition; see :func:`mmcomp.testing.digits.write_digits` for the settings."""
    outputs = dict(
        root=Output('folder', 'data'), images=Output('folder', 'data/train'), test=Output('folder', 'data/test'),
        train=Output('annotations', 'data/meta/train.txt'), val=Output('annotations', 'data/meta/val.txt'),
        unlabelled=Output('annotations', 'data/meta/mae.txt'), classes=Output('file', 'data/meta/classes.txt'),
        sample=Output('file', 'data/sample_submission.csv'), truth=Output('annotations', 'data/truth/test.txt'))
    noise: float = .3
    imbalance: float = 10.
    test_per_class: int = 60
    val_per_class: int = 10
    seed: int = 0

    def run(self, site: Site) -> str:
        from mmcomp.testing.digits import write_digits, write_extras
        root = site.folder / 'data'
        sizes = write_digits(root, self.noise, self.imbalance, self.test_per_class, self.val_per_class, self.seed)
        write_extras(root)
        return ', '.join(f'{number} {split}' for split, number in sizes.items())
