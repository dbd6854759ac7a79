"""Defines what a plugin author implements: tasks, models, kinds, examples, metrics, decoding."""

__all__ = [
    "decoding",
    "examples",
    "fields",
    "finite",
    "inputs",
    "metrics",
    "model",
    "scored",
    "targets",
    "task",
    "unfit",
    "version",
]
