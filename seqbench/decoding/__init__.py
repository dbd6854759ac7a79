"""Generates tokens with a network, one after the other: greedily, by beam search, or drawn."""

__all__ = ["continuing", "decode", "drawing", "pieces", "sampling"]
