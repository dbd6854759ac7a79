"""Runs one cell: data, network, fit, test, gradients, record; and what is measured without training."""

__all__ = [
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
]
