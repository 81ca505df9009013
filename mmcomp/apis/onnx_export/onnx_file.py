"""From a part of a model to an ONNX file, and running one."""
import inspect
import logging
import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch

from mmcomp.errors import ConfigError, fault

from .feeds import axes
from .parts import Part

# An ONNX file is one message of Protocol Buffers, of less than 2 GiB.
MOST_BYTES = 2**31 - 2**24


def write_onnx(part: Part, example: Mapping[str, torch.Tensor], path: str | os.PathLike, metadata: Mapping[str, str],
               opset: int | None = None, half: bool = False, static: bool = False) -> int:
    """Write the graph and the weights of a part.

    Args:
        part: In evaluation mode.
        example: Its inputs by name; axes that shall be free are at least 2 long.
        path: Where to.
        metadata: Is put into the file.
        opset: Version of the operators; by default torch's.
        half: Weights and arithmetic in float16, where the operator has it; inputs and outputs stay float32.
        static: All axes as in ``example``.

    Returns:
        The opset.

    Raises:
        ConfigError: If torch can't follow the model, the operators do not exist in that opset, or the weights are
            too large for a file.
    """
    import onnx
    size = sum(tensor.nbytes for tensor in (*part.parameters(), *part.buffers()))
    if size > MOST_BYTES:
        raise ConfigError(fault('export_onnx', 'weights', f'below {MOST_BYTES >> 20} MiB, as an ONNX file is',
                                f'{size >> 20} MiB', 'Export a tower by itself, with --part.'))
    graph = _graph(part, example, opset, static)
    if half:
        from onnxruntime.transformers.float16 import convert_float_to_float16
        graph = convert_float_to_float16(graph, keep_io_types=True)
    found = next(one.version for one in graph.opset_import if one.domain == '')
    if opset is not None and found != opset:
        raise ConfigError(fault('export_onnx', '--opset', 'one that has the operators of this model', opset,
                                f'Leave it out for {found}.'))
    onnx.helper.set_model_props(graph, dict(metadata))
    onnx.save(graph, path)
    return found


def _graph(part: Part, example: Mapping[str, torch.Tensor], opset: int | None, static: bool):
    """As a message of ONNX, without the places in source files that torch notes at each operator."""
    free = None if static else (tuple(axes(list(example)).values()), )
    tensors = tuple(tensor.clone() for tensor in example.values())
    try:
        with torch.no_grad(), _quiet():
            program = torch.onnx.export(
                part, tensors, dynamo=True, dynamic_shapes=_of_forward(part, free), opset_version=opset,
                input_names=list(example), output_names=list(part.outputs), verbose=False)
            graph = program.model_proto
    except Exception as error:  # whatever torch, its decompositions or the converter of opsets come upon
        raise ConfigError(fault('export_onnx', 'model', 'one whose operations torch.export can follow',
                                _first_cause(error), 'Another --part or --opset may do, or --static.')) from error
    for entry in (*graph.graph.node, *(node for function in graph.functions for node in function.node)):
        del entry.metadata_props[:]
    return graph


def _of_forward(part: Part, free: tuple | None) -> tuple | None:
    """Axes in the form of the arguments of ``forward``: one of all tensors, or one each."""
    kinds = [argument.kind for argument in inspect.signature(part.forward).parameters.values()]
    return free if free is None or inspect.Parameter.VAR_POSITIONAL in kinds else free[0]


def _first_cause(error: BaseException) -> str:
    while error.__cause__ is not None:
        error = error.__cause__
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f'{type(error).__name__}: {lines[0] if lines else ""}'


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what the exporter tells of its own doing."""
    loggers = [logging.getLogger(name) for name in ('onnxscript', 'onnx_ir', 'torch.onnx', 'torch.export')]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            yield
    finally:
        for logger, level in zip(loggers, levels):
            logger.setLevel(level)


class OnnxModel:
    """A file in onnxruntime on the CPU, with as many threads as torch.

    Raises:
        ConfigError: If onnxruntime can't load it.
    """

    def __init__(self, path: str | os.PathLike):
        import onnxruntime
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.log_severity_level = torch.get_num_threads(), 3
        try:
            self.session = onnxruntime.InferenceSession(str(path), options, providers=['CPUExecutionProvider'])
        except Exception as error:  # its classes share no other base
            raise ConfigError(fault('export_onnx', 'model', 'one that onnxruntime can load', _first_cause(error),
                                    'Try another --opset, or without --half.')) from error
        self.size = Path(path).stat().st_size

    def __call__(self, feed: Mapping[str, torch.Tensor]) -> list[np.ndarray]:
        """Outputs of inputs by name; one that the graph does not use is left out."""
        used = {entry.name for entry in self.session.get_inputs()}
        return self.session.run(None, {name: tensor.numpy() for name, tensor in feed.items() if name in used})

    @property
    def signature(self) -> tuple[dict[str, list], dict[str, list]]:
        """Shapes of inputs and outputs by name; a free axis by its name."""
        return tuple({entry.name: entry.shape for entry in entries}
                     for entries in (self.session.get_inputs(), self.session.get_outputs()))
