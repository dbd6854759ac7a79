"""Writes records as one HTML page."""

__all__ = ["charts", "gradients", "groups", "overview", "page", "rows", "trials"]
