"""Stores what cells leave behind, and reads it back: one cell at a time, merged, or as a table."""

__all__ = ["layout", "load", "making", "merge", "resolution", "rows", "schema", "store", "variants"]
