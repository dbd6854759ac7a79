"""Defines what a plugin author implements: tasks, models, kinds of input and target, examples, metrics."""

__all__ = [
    "constraints",
    "examples",
    "fields",
    "finite",
    "inputs",
    "metrics",
    "model",
    "names",
    "references",
    "targets",
    "task",
    "version",
]
