"""Runs one cell from its data to its record, and measures networks without training them."""

__all__ = [
    "building",
    "cell",
    "cell_data",
    "checkpoints",
    "evaluations",
    "load_network",
    "loggers",
    "memory",
    "one_thread",
    "precision",
    "preflight",
    "probe",
    "time_estimate",
    "writing",
]
