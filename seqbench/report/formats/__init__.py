"""Writes a report in each format: terminal, Markdown, LaTeX, JSON, CSV."""

__all__ = ["data", "formats", "latex", "markdown", "output", "terminal"]
