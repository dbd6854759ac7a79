"""Runs cells on a cluster of machines, by Ray."""

__all__ = ["executor"]
