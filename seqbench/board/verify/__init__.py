"""Runs cells of bundles again and compares the records."""

__all__ = ["receipt", "verify"]
