"""Stores records of cells, and reads them back: one at a time, merged, or as a table."""

__all__ = [
    "curves",
    "layout",
    "light",
    "load",
    "making",
    "merge",
    "record_files",
    "resolution",
    "row_order",
    "rows",
    "schema",
    "search",
    "sides",
    "store",
    "trials",
    "variants",
    "wanted",
]
