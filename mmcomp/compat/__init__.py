"""Old names, all in this one place: configs and checkpoints of MMClassification 1.x and MMSelfSup 1.x.

Neither library installs beside a current mmcv; what they held lives on in
mmpretrain, partly under other names, and in mmcomp. :func:`modernize` rewrites
a loaded config, :func:`map_checkpoint_keys` the keys of a state dict. Both
work on plain dicts and strings, and leave what is not old as it is.
"""
from .checkpoints import map_checkpoint_keys
from .configs import modernize

__all__ = ['map_checkpoint_keys', 'modernize']
