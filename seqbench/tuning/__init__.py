"""Searches for the best setting of each model by trials on validation data, and plans cells with what it chose."""

__all__ = ["kept", "settings", "tune", "tuning"]
