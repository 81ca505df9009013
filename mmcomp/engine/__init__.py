from . import hooks, optimizers  # noqa: F401  (imported for their registrations)
