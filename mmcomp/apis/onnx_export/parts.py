"""What of a model goes into an ONNX file, and what it takes and gives there."""
from collections.abc import Callable

import torch
from mmpretrain.models import ClsDataPreprocessor, ImageClassifier, MultiLabelClsHead
from torch import nn

from mmcomp.apis.feature_extraction import frame_vectors
from mmcomp.errors import ConfigError, DataError, fault
from mmcomp.models.backbones.image_tokens import ImageTokens
from mmcomp.models.classifiers.multimodal_classifier import MultimodalClassifier, extract_features
from mmcomp.models.scoring import needs_only_inputs

from .feeds import flattened, nested


class Part(nn.Module):
    """A module of tensors by position, and how they are made of a batch of the data loader.

    ``outputs`` are the names of what it gives, ``inputs`` those of what it takes, known after the first :meth:`feed`.
    ``ranked`` is the axis along which the last output, scores, is ranked, or None.
    """
    outputs: tuple[str, ...] = ()
    ranked: int | None = None

    def feed(self, data: dict) -> dict[str, torch.Tensor]:
        """Inputs by name of a collated batch."""
        raise NotImplementedError


class Scores(Part):
    """A classifier from its inputs to logits and scores.

    Images come as they leave the pipeline and are normalised inside, or, with ``normalized``, come normalised. Frames
    of a model with ``extractors`` come as their features, which :class:`Vision` makes.

    Args:
        model: The classifier.
        normalized: See above.

    Raises:
        ConfigError: If scores are not simply softmax or sigmoid of the head's logits.
    """
    outputs = ('logits', 'scores')

    def __init__(self, model: nn.Module, normalized: bool = False):
        super().__init__()
        if not needs_only_inputs(model):
            raise ConfigError(fault('export_onnx', 'model', 'a classifier whose scores are softmax or sigmoid of the '
                                    'logits of its head', type(model).__name__,
                                    'Export its towers: --part vision or --part text.'))
        self.model, self.like = model, None
        self.pixels = isinstance(model.data_preprocessor, ClsDataPreprocessor) and not normalized
        self.ranked = 0 if isinstance(model.head, MultiLabelClsHead) else 1

    def feed(self, data: dict) -> dict[str, torch.Tensor]:
        inputs = stacked(data['inputs']) if self.pixels else self.model.data_preprocessor(data)['inputs']
        if isinstance(self.model, MultimodalClassifier):
            inputs = extract_features(self.model.extractors, inputs)
            inputs = {name: inputs[name] for name in self.model.encoders if name in inputs}
        self.like = inputs
        return flattened(inputs)

    def forward(self, *tensors: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        inputs = nested(dict(zip(flattened(self.like), tensors, strict=True)), self.like)
        if self.pixels:
            inputs = self.model.data_preprocessor(dict(inputs=inputs))['inputs']
        logits = self.model.head(self.model.extract_feat(inputs)).float()
        return logits, logits.softmax(dim=1) if self.ranked else logits.sigmoid()


class Vision(Part):
    """Images or frames to features: one vector an image, or the tokens of a tower that gives several.

    It is the image tower (an extractor) of a multimodal classifier, an image classifier up to its neck, or a backbone.

    Args:
        model: One of these.
        preprocessor: Normalises the images; by default that of the model.
        normalized: Images come normalised.

    Raises:
        ConfigError: If the model reads no images.
    """
    outputs = ('features', )

    def __init__(self, model: nn.Module, preprocessor: nn.Module | None = None, normalized: bool = False):
        super().__init__()
        self.preprocessor, self.normalized = preprocessor or model.data_preprocessor, normalized
        self.modality, self.tower = 'frames', model
        if isinstance(model, MultimodalClassifier):
            if len(model.extractors) != 1:
                raise ConfigError(fault('export_onnx', '--part vision', 'of a model with one of `extractors`, or of '
                                        'an image model', tuple(model.extractors), 'Export the model of its features '
                                        'by its own config.'))
            (self.modality, self.tower), = model.extractors.items()
        elif isinstance(model, ImageClassifier) and not isinstance(self.preprocessor, ClsDataPreprocessor):
            raise ConfigError(fault('export_onnx', '--part vision', 'of a model that reads images',
                                    type(model).__name__, 'Choose --part text or --part scores.'))

    def feed(self, data: dict) -> dict[str, torch.Tensor]:
        images = data['inputs']
        if not isinstance(self.preprocessor, ClsDataPreprocessor):
            videos = images[self.modality] if isinstance(images, dict) else [one[self.modality] for one in images]
            images = [torch.as_tensor(video[0]) for video in videos if len(video)]
            if not images or images[0].ndim != 3:
                raise DataError(fault('test_dataloader', self.modality, 'images', 'features' if images else 'nothing',
                                      'Give the data set frames (`frame_zips` or `frame_folder`) to export the tower.'))
        images = stacked(images)
        return dict(image=self._normalised(images) if self.normalized else images)

    def _normalised(self, images: torch.Tensor) -> torch.Tensor:
        if isinstance(self.preprocessor, ClsDataPreprocessor):
            return self.preprocessor(dict(inputs=images))['inputs']
        return (images.float() - self.preprocessor.mean) / self.preprocessor.std

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor]:
        image = image if self.normalized else self._normalised(image)
        if not isinstance(self.tower, ImageTokens):
            return (frame_vectors(self.tower, image).float(), )
        # Its forward leaves out the images that are padding, which no graph of fixed operations can.
        tokens = self.tower._tokens(image).float()
        return (tokens.squeeze(1) if tokens.shape[1] == 1 else tokens, )


class Text(Part):
    """The text encoder of a model: ids and mask to tokens.

    Args:
        model: A classifier of sequences, alone or of several modalities.

    Raises:
        ConfigError: If it reads no text, or several.
    """
    outputs = ('tokens', )

    def __init__(self, model: nn.Module):
        super().__init__()
        self.preprocessor, self.encoder, self.encoders = model.data_preprocessor, None, {}
        found = getattr(model, 'encoders', None) or {'': getattr(model, 'backbone', None)}
        self.encoders = nn.ModuleDict({name or 'text': encoder for name, encoder in found.items()})
        self.alone = '' in found

    def feed(self, data: dict) -> dict[str, torch.Tensor]:
        inputs = self.preprocessor(data)['inputs']
        inputs = dict(text=inputs) if self.alone else inputs
        texts = [name for name in self.encoders if isinstance(inputs.get(name), dict) and 'ids' in inputs[name]]
        if len(texts) != 1:
            raise ConfigError(fault('export_onnx', '--part text', 'of a model that reads one text', texts or 'none',
                                    'Choose another part.'))
        self.encoder = self.encoders[texts[0]]
        return {kind: inputs[texts[0]][kind] for kind in ('ids', 'mask')}

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor]:
        return (self.encoder(dict(ids=ids, mask=mask)).tokens.float(), )


PARTS: dict[str, Callable[..., Part]] = dict(scores=Scores, vision=Vision, text=Text)


def stacked(images: torch.Tensor | list) -> torch.Tensor:
    """Images of one size as ``(B, C, H, W)``.

    Raises:
        DataError: If their sizes differ.
    """
    images = [torch.as_tensor(image) for image in images]
    shapes = sorted({tuple(image.shape) for image in images})
    if len(shapes) > 1:
        raise DataError(fault('test_dataloader', 'images', 'of one size to be exported', shapes[:3],
                              'Let the pipeline resize or crop them.'))
    return torch.stack(images)
