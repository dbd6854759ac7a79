"""Writes records as one HTML page."""

__all__ = ["charts", "gradients", "groups", "notebook", "overview", "page", "rows", "trials"]
