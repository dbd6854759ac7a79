"""Runs one cell: data, network, fit, test, gradients, record; and what is measured without training."""

__all__ = ["cell", "checkpoints", "loggers", "memory", "outcome", "precision", "probe", "time_estimate"]
