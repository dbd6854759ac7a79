"""Defines what a sweep gives an executor, and what the executor reports back."""

__all__ = ["assignment", "cell_logs", "events", "executor", "plugin_sources"]
