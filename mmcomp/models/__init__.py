from . import backbones, classifiers, fusion, heads, losses, necks, wrappers  # noqa: F401  (imported for their registrations)
