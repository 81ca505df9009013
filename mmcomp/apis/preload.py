"""What a training or a prediction imports, loaded once in a process that many are forked from.

Nothing here may start a thread or touch a GPU: neither would survive the fork.
"""
import contextlib
import gc
import importlib
import io
import warnings

MODULES = ('mmpretrain.datasets', 'mmpretrain.engine', 'mmpretrain.evaluation', 'mmpretrain.models',
           'mmcomp.apis.prediction', 'mmcomp.apis.training', 'mmcomp.checkpoints.soup', 'mmcomp.datasets',
           'mmcomp.engine', 'mmcomp.evaluation', 'mmcomp.models',
           # mmengine imports these as a training starts: its visualizer draws, its log tells of compilers.
           'matplotlib.backends.backend_agg', 'matplotlib.figure', 'torch.utils.cpp_extension')

# What the libraries say as they load would stand among the lines of whoever forks.
with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    warnings.simplefilter('ignore')
    for name in MODULES:
        importlib.import_module(name)

# Data sets collect garbage as they are built; what was imported is none, and its pages stay shared.
gc.collect()
gc.freeze()
