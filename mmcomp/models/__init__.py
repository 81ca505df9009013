from . import backbones, classifiers, fusion, heads, losses, necks, pretrain, wrappers  # noqa: F401  (imported for their registrations)
