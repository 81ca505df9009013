from . import hooks, loops, optimizers, worker_signals  # noqa: F401  (imported for their registrations)
