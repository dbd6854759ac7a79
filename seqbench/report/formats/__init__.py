"""Writes a report in each format: terminal, Markdown, LaTeX, JSON, CSV."""

__all__ = ["data", "formats", "markdown", "output", "terminal"]
