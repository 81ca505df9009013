"""Several tables as one."""
