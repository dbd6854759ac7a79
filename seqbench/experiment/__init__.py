"""Reads what is to be run, and names its cells by their keys."""

__all__ = ["cells", "key_fields", "labels", "overrides", "schema", "shards", "strict_yaml"]
