"""Captioned clips of animated sprites as a stage."""
from dataclasses import dataclass, fields

from mmcomp.recipes.stage import STAGES, Output, Site, Stage, takes
from mmcomp.recipes.stages.wechat import LISTS, write_lists

SPLITS = ('labeled', 'unlabeled', 'test')


@STAGES.register_module()
@dataclass(frozen=True)
class Sprites(Stage):
    """Compose the clips; see :class:`mmcomp.testing.proofs.sprites.SpriteClips` for the settings.

    Args:
        source: The folder of the sheets' archive.
    """
    outputs = dict(
        root=Output('folder', 'data'), vocab=Output('file', 'data/vocab.txt'), **LISTS,
        frames=Output('annotations', 'data/frames.txt'), images=Output('folder', 'data/frames'),
        truth=Output('annotations', 'data/truth/test.txt'),
        **{f'{split}_rows': Output('file', f'data/annotations/{split}.json') for split in SPLITS},
        **{f'{split}_zips': Output('folder', f'data/zip_frames/{split}') for split in SPLITS})
    source: str = takes('folder')
    labeled: int = 500
    unlabeled: int = 4000
    test: int = 1500
    imbalance: float = 10.
    layer: float = .5
    action: float = .45
    direction: float = .45
    wrong: float = .1
    fitting: float = .7
    most_frames: int = 3
    no_frames: float = .05
    words: int = 192
    seed: int = 0

    def run(self, site: Site) -> str:
        from mmcomp.testing.proofs.sprites import LEAVES, SpriteClips, write_clips
        clips = SpriteClips(**{field.name: getattr(self, field.name) for field in fields(SpriteClips)})
        counts = write_clips(self.source, site.folder / 'data', clips, site.progress)
        write_lists(site.folder / 'data/annotations', site.folder, LEAVES)
        return ', '.join(f'{number} {what}' for what, number in counts.items())
