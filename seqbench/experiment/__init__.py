"""Reads what is to be run, and names its cells by their keys."""

__all__ = ["cells", "key_fields", "overrides", "schema", "shards", "strict_yaml", "titles"]
