"""One encoder a modality, fusion, pooling, head."""
import torch
from mmengine.model import ModuleDict
from mmpretrain.models import ImageClassifier
from torch import nn

from mmcomp.errors import ConfigError, fault
from mmcomp.registry import MODELS
from mmcomp.structures import TokenSequence

from .sequence_classifier import SequenceClassifier


def encode_modalities(encoders: nn.ModuleDict, inputs: dict[str, dict]) -> dict[str, TokenSequence]:
    """Each modality through its encoder, in the order of the encoders.

    Raises:
        ConfigError: If a batch lacks a modality that there is an encoder for.
    """
    missing = [name for name in encoders if name not in inputs]
    if missing:
        raise ConfigError(fault('model', 'encoders', f'those of the modalities that samples have, {tuple(inputs)}',
                                missing, 'Remove the encoder, or let the data pipeline pack the modality.'))
    return {name: encoder(inputs[name]) for name, encoder in encoders.items()}


def extract_features(extractors: nn.ModuleDict, inputs: dict[str, dict]) -> dict[str, dict]:
    """Images of the modalities that have an extractor, made ``features (B, L, D)``; the rest as it is."""
    found = dict(inputs)
    for name, extractor in extractors.items():
        if 'images' in inputs.get(name, ()):
            sequence = extractor(inputs[name])
            found[name] = dict(features=sequence.tokens, mask=sequence.mask)
    return found


def build_modules(configs: dict[str, dict] | None) -> ModuleDict:
    """A module a name, in mmengine's dict, which initializes what is inside."""
    return ModuleDict({name: MODELS.build(cfg) for name, cfg in (configs or {}).items()})


def build_preprocessor(cfg: dict | None, encoders: nn.ModuleDict) -> nn.Module:
    """:class:`ModalityDataPreprocessor`, or what ``cfg`` names, that knows the widths of the encoders."""
    preprocessor = MODELS.build({'type': 'ModalityDataPreprocessor', **(cfg or {})})
    if hasattr(preprocessor, 'learn_channels'):
        preprocessor.learn_channels(encoders)
    return preprocessor


@MODELS.register_module()
class MultimodalClassifier(SequenceClassifier):
    """Words, frames, regions or whatever comes along, classified together.

    The inputs are ``dict(text=dict(ids, mask), frames=dict(features, mask))``, or ``images`` in the place of features.
    Weights of pre-training have the same names, ``encoders.*`` and ``fusion.*``.

    Args:
        encoders: Config of an encoder a modality; each emits a ``TokenSequence``.
        fusion: Config of a module that maps the dict of them to one.
        neck: Config of a pooling.
        head: Config of any head on a vector.
        extractors: Configs by modality of modules that make features of images,
            such as a frozen :class:`ImageTokens`, before the encoder. Batches of
            ready-made features do without.
        data_preprocessor: By default :class:`ModalityDataPreprocessor`.
        init_cfg: Config of the initialization.
    """

    def __init__(self, encoders: dict[str, dict], fusion: dict, neck: dict, head: dict,
                 extractors: dict[str, dict] | None = None, data_preprocessor: dict | None = None,
                 init_cfg: dict | list | None = None):
        modules = build_modules(encoders)
        super(ImageClassifier, self).__init__(init_cfg=init_cfg,
                                              data_preprocessor=build_preprocessor(data_preprocessor, modules))
        self.extractors, self.encoders = build_modules(extractors), modules
        self.fusion, self.neck, self.head = MODELS.build(fusion), MODELS.build(neck), MODELS.build(head)

    def extract_feat(self, inputs: dict[str, dict], stage: str = 'neck') -> TokenSequence | tuple | torch.Tensor:
        """The fused sequence (``stage='backbone'``), the pooled tuple (``'neck'``) or the head's ``'pre_logits'``."""
        sequence = self.fusion(encode_modalities(self.encoders, extract_features(self.extractors, inputs)))
        if stage == 'backbone':
            return sequence
        vectors = self.neck(sequence)
        return vectors if stage == 'neck' else self.head.pre_logits(vectors)

    def get_layer_depth(self, param_name: str) -> tuple[int, int]:
        """Depth of a parameter for layer-wise learning rates, as its encoder or the fusion says; else the head's."""
        for prefix, module in (*((f'encoders.{name}.', module) for name, module in self.encoders.items()),
                               ('fusion.', self.fusion)):
            if param_name.startswith(prefix) and hasattr(module, 'get_layer_depth'):
                return module.get_layer_depth(param_name, prefix)
        return 0, 1
