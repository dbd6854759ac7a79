"""Holds the checks that a model has to pass."""

__all__ = ["checks", "cost"]
