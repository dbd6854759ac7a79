"""Finds, loads and checks plugins, and turns an experiment into cells of what they offer."""

__all__ = ["catalog", "citations", "faults", "grid", "hooks", "load", "parameters", "verify"]
