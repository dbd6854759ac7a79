"""Finds, loads and checks plugins, and expands an experiment into cells."""

__all__ = ["catalog", "citations", "faults", "grid", "hooks", "load", "parameters", "sizing", "verify"]
