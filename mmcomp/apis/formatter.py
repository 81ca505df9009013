"""The formatter with which mmengine writes a config into its log."""
import importlib
import pickle
import sys
import time

TORN = (EOFError, pickle.UnpicklingError)


def load_formatter(seconds: float = 30.) -> None:
    """Import yapf, on every rank before it is needed.

    Its first import on a host leaves its grammar in the user's cache, under the final name before all of it is
    written. Ranks that start together may meet a half-written file; they try again until it is whole.

    Args:
        seconds: How long to try.
    """
    end = time.monotonic() + seconds
    while True:
        try:
            importlib.import_module('yapf')
            return
        except TORN:
            if time.monotonic() > end:
                raise
            for name in [name for name in sys.modules if name.partition('.')[0] in ('yapf', 'yapf_third_party')]:
                del sys.modules[name]
            time.sleep(.1)
