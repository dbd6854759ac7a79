"""Runs one cell from its data to its record, and measures networks without training them."""

__all__ = [
    "cell",
    "cell_data",
    "checkpoints",
    "load_network",
    "loggers",
    "memory",
    "one_thread",
    "outcome",
    "precision",
    "preflight",
    "probe",
    "time_estimate",
]
