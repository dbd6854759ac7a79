"""Makes the tables and sections of a report."""

__all__ = [
    "changes",
    "comparison",
    "costs",
    "environments",
    "failures",
    "gradients",
    "remarks",
    "scores",
    "seed_summaries",
    "standings",
    "table",
    "words",
]
