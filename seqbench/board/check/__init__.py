"""Checks whether bundles keep the rules."""

__all__ = ["agreement", "check", "closeness", "faults", "installed", "portable_bits"]
