from . import hooks  # noqa: F401  (imported for its registrations)
