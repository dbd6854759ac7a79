"""Draws gradient flow as pictures, with matplotlib."""

__all__ = ["figures"]
