"""Reads an experiment and expands it into cells with their keys."""

__all__ = [
    "cells",
    "key_fields",
    "labels",
    "overrides",
    "schema",
    "search_space",
    "shards",
    "strict_yaml",
    "titles",
    "trials",
    "tune",
    "weights",
    "written",
]
