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
    "published",
    "references",
    "score_curves",
    "scored",
    "stacking",
    "targets",
    "task",
    "unfit",
    "version",
]
