"""Runs one cell: data, network, fit, test, gradients, record; and what is measured without training."""

__all__ = ["cell", "checkpoints", "load_network", "loggers", "memory", "outcome", "probe", "time_estimate"]
