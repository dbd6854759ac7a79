"""Runs cells: in this process, in processes of their own, on a cluster."""

__all__ = ["bundled", "work"]
