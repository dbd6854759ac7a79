"""Runs cells: in this process, in processes of their own, or on a cluster."""

__all__ = ["bundled", "work"]
