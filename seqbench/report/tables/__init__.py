"""Makes the tables and sections of a report."""

__all__ = [
    "comparison",
    "costs",
    "entries",
    "environments",
    "failures",
    "gradients",
    "measures",
    "remarks",
    "scores",
    "standings",
]
