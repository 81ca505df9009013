from . import backbones, classifiers, heads, losses, necks, wrappers  # noqa: F401  (imported for their registrations)
