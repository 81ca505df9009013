"""What a training or a prediction imports, loaded once in a process that many are forked from.

Nothing here may start a thread or touch a GPU: neither would survive the fork.
"""
import mmpretrain.datasets
import mmpretrain.engine
import mmpretrain.evaluation
import mmpretrain.models  # noqa: F401

import mmcomp.apis.prediction
import mmcomp.apis.training
import mmcomp.checkpoints.soup
import mmcomp.datasets
import mmcomp.engine
import mmcomp.evaluation
import mmcomp.models  # noqa: F401
