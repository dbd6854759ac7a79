"""Runs one cell: data, network, fit, test, gradients, record; and what is measured without training."""

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
