"""Defines what a plugin author implements: tasks, models, kinds of input and target, examples, metrics."""

__all__ = [
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
