"""Shows a sweep while it runs: live, in plain lines, or as JSON lines."""

__all__ = ["watch"]
