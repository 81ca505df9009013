"""Features of video frames."""
from dataclasses import dataclass

from mmcomp.recipes.stage import STAGES, Output, Site, Stage, config_file, takes
from mmcomp.recipes.stages.launching import launch


@STAGES.register_module()
@dataclass(frozen=True)
class ExtractFeatures(Stage):
    """Encode the frames of videos once, for all trainings; a killed run goes on where it stopped.

    Args:
        config: An image model, its preprocessor and the pipeline of frames.
        ann: JSON annotations: which videos.
        frame_zips: Folder of ``<last 3 characters>/<id>.zip`` with images.
        frame_folder: Or a folder of ``<id>/`` with images.
        weights: Of the model, where it does not load its own.
        dtype: Of the stored features.
        precision: Of the computation; by default float16 on a GPU.
    """
    outputs = dict(features=Output('file', 'features.zip'))
    uses_torch = True
    default_gpus = 1
    config: str = config_file()
    ann: str = takes('annotations', 'file')
    frame_zips: str | None = takes('folder', optional=True)
    frame_folder: str | None = takes('folder', optional=True)
    weights: str | None = takes('weights', 'model', optional=True)
    dtype: str = 'float16'
    precision: str | None = None

    def run(self, site: Site) -> str:
        from pathlib import Path
        out = str(site.folder / 'features.zip')
        weights = self.weights and str(Path(self.weights, 'weights.pth') if Path(self.weights).is_dir()
                                       else self.weights)
        if len(site.gpus) > 1:
            given = dict(ann=self.ann, frame_zips=self.frame_zips, frame_folder=self.frame_folder, checkpoint=weights,
                         dtype=self.dtype, precision=self.precision)
            words = [word for name, value in given.items() if value for word in (f'--{name.replace("_", "-")}', value)]
            launch(site, 'extract_features.py', [self.config, '--out', out, *words])
        else:
            from mmcomp.apis.config import load_config
            from mmcomp.apis.feature_extraction import extract_features
            extract_features(load_config(self.config), out, checkpoint=weights, ann=self.ann,
                             frame_zips=self.frame_zips, frame_folder=self.frame_folder, dtype=self.dtype,
                             precision=self.precision)
        from mmcomp.datasets.feature_store import stored_ids
        return f'{len(stored_ids([out]))} videos'
