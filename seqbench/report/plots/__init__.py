"""Draws figures with matplotlib: gradient flow of measured models, and figures for papers from records."""

__all__ = ["contents", "figures", "grids", "plot", "print_style", "training", "windows"]
