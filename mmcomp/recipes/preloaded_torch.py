"""What most stages import, loaded once in the process that all of them are forked from.

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
import mmcomp.models
import mmcomp.recipes.stage_process  # noqa: F401
