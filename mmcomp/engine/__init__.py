from . import hooks, loops, optimizers, sharded_runner, worker_signals  # noqa: F401  (imported for their registrations)
