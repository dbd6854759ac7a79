"""Generates tokens with a network, one after the other, greedily or by beam search."""

__all__ = ["decode"]
