"""Parts that several models have alike, computed once for all of them."""
from collections.abc import Mapping, Sequence

import torch
from torch import nn

from .classifiers.multimodal_classifier import extract_features

_PLAIN = (str, int, float, bool, type(None), torch.dtype)


def alike(one: nn.Module, other: nn.Module) -> bool:
    """Whether two modules compute the same: classes, plain settings and all tensors are equal, part by part."""
    parts, others = list(one.named_modules()), list(other.named_modules())
    if [(name, type(part), _settings(part)) for name, part in parts] != [
            (name, type(part), _settings(part)) for name, part in others]:
        return False
    tensors, theirs = ([*dict(m.named_parameters()).items(), *dict(m.named_buffers()).items()] for m in (one, other))
    return len(tensors) == len(theirs) and all(
        name == key and value.dtype == found.dtype and value.device == found.device and torch.equal(value, found)
        for (name, value), (key, found) in zip(tensors, theirs))


def _settings(module: nn.Module) -> dict:
    return {key: value for key, value in vars(module).items() if key != 'training' and _is_plain(value)}


def _is_plain(value: object) -> bool:
    if isinstance(value, Mapping):
        return all(map(_is_plain, value.values()))
    return all(map(_is_plain, value)) if isinstance(value, tuple | list) else isinstance(value, _PLAIN)


def share_parts(models: Sequence[nn.Module]) -> None:
    """Let models that are to predict together have one preprocessor and one extractor where theirs are alike.

    A video's frames are then encoded once for all models, and a frozen tower
    lies in memory once.

    Args:
        models: In evaluation mode; wrappers for test-time augmentation are looked into.
    """
    inner = [getattr(model, 'module', model) for model in models]
    for place, model in enumerate(inner):
        model.data_preprocessor = _first_alike(model.data_preprocessor,
                                               [before.data_preprocessor for before in inner[:place]])
        for name, extractor in getattr(model, 'extractors', {}).items():
            those_before = [getattr(before, 'extractors', {}) for before in inner[:place]]
            model.extractors[name] = _first_alike(extractor, [one[name] for one in those_before if name in one])


def _first_alike(module: nn.Module, before: Sequence[nn.Module]) -> nn.Module:
    return next((one for one in before if one is module or alike(one, module)), module)


class SharedInputs:
    """The inputs of a batch for several models, prepared once for those that share the parts that do it.

    Args:
        inputs: As the loader gives them.
    """

    def __init__(self, inputs: object):
        self.inputs = inputs
        self._prepared: dict[int, object] = {}
        self._features: dict[tuple[int, int], dict] = {}

    def of(self, model: nn.Module) -> object:
        """Prepared inputs; in the place of images there are the features that extractors make of them."""
        preprocessor, extractors = model.data_preprocessor, getattr(model, 'extractors', {})
        if id(preprocessor) not in self._prepared:
            self._prepared[id(preprocessor)] = preprocessor(dict(inputs=self.inputs), False)['inputs']
        prepared = self._prepared[id(preprocessor)]
        if not len(extractors):
            return prepared
        for name in extractors.keys() & prepared.keys():
            key = (id(preprocessor), id(extractors[name]))
            if key not in self._features:
                self._features[key] = extract_features({name: extractors[name]}, {name: prepared[name]})[name]
            prepared = dict(prepared, **{name: self._features[key]})
        return prepared
