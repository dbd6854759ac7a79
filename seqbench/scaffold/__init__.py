"""Begins plugins: distributions that work, made from the files of the example."""

__all__ = ["create", "names"]
