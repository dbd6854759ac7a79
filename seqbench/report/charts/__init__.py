"""Draws lines on the canvas of an SVG: axes, paths, bands and markers."""

__all__ = ["axes", "canvas", "extents", "lines"]
