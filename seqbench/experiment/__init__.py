"""Reads what is to be run, and turns it into cells with their keys."""

__all__ = ["cells", "key_fields", "overrides", "schema", "shards", "strict_yaml", "titles"]
