"""Shows a sweep while it runs, for the command line, a terminal and a notebook."""

__all__ = ["bar", "headline", "live", "plain", "sentences", "tally"]
