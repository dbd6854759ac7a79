"""Runs cells of bundles again and compares what comes of them."""

__all__ = ["receipt", "verify"]
