"""Draws gradient flow: pictures by matplotlib, and bars of plain characters."""

__all__ = ["bars", "figures"]
