"""Makes the tables and sections of a report."""

__all__ = [
    "changes",
    "comparison",
    "costs",
    "effects",
    "environments",
    "failures",
    "gradients",
    "horizons",
    "over_tasks",
    "remarks",
    "scores",
    "seed_summaries",
    "standings",
    "table",
    "trials",
    "usable_networks",
    "windows",
    "words",
]
