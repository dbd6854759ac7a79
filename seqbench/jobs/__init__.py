"""Defines what an executor is given and what it tells, between a sweep and whatever runs its cells."""

__all__ = ["assignment", "cell_logs", "events", "executor", "plugin_sources"]
