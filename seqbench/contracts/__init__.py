"""Defines what a plugin author implements: tasks, models, kinds, examples, metrics, decoding."""

__all__ = [
    "constraints",
    "decoding",
    "examples",
    "fields",
    "finite",
    "inputs",
    "metrics",
    "model",
    "names",
    "references",
    "scored",
    "targets",
    "task",
    "unfit",
    "version",
]
