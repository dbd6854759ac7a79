"""Finds, loads and checks plugins, and expands an experiment into cells."""

__all__ = ["catalog", "faults", "grid", "hooks", "load", "parameters", "verify"]
