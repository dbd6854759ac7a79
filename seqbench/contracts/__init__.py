"""Defines what a plugin author implements: tasks, models, kinds of input and target, examples, metrics."""

__all__ = ["examples", "fields", "finite", "inputs", "metrics", "model", "targets", "task", "version"]
