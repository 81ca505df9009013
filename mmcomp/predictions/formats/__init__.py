"""Forms of table files, and reading them safely."""
