"""Runs cells on a cluster of machines with Ray."""

__all__ = ["executor"]
