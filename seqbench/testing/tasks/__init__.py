"""Holds the checks that a task has to pass."""

__all__ = ["checks"]
