"""The rules that make tasks, by category."""
