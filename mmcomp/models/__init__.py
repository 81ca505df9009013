from . import backbones, classifiers, heads, losses  # noqa: F401  (imported for their registrations)
