"""Reads an experiment and expands it into cells with their keys."""

__all__ = [
    "cells",
    "key_fields",
    "labels",
    "overrides",
    "schema",
    "shards",
    "strict_yaml",
    "titles",
    "weights",
    "written",
]
