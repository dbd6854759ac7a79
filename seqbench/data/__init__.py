"""Finds and reads data sets, caches tensors, and cuts splits into batches."""

__all__ = ["batches", "cache", "row_files", "sources"]
