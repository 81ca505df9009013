"""Checkpoint files: loading them safely, averaging them, their old names."""
