"""The libraries behind an export, which are optional."""
import importlib.util

from mmcomp.errors import ConfigError, fault

NEEDED = ('onnx', 'onnxscript', 'onnxruntime')


def require_libraries() -> None:
    """Refuse to begin without the libraries that write, read and run ONNX files.

    Raises:
        ConfigError: Naming those that are missing, and how to install them.
    """
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise ConfigError(fault('export_onnx', 'onnx', 'installed, with onnxscript and onnxruntime',
                                f'no {", ".join(missing)}', 'Run `pip install -c requirements/constraints.txt '
                                f'{" ".join(NEEDED)}`.'))
