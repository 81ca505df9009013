from . import backbones, classifiers, heads, losses, necks  # noqa: F401  (imported for their registrations)
