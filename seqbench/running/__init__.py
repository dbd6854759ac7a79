"""Runs sweeps: plans the cells, leases them, runs them through an executor and records the results."""

__all__ = [
    "changed_files",
    "eta",
    "interruption",
    "plan",
    "progress",
    "prune",
    "queue",
    "run",
    "status",
    "sweep",
    "weights",
]
