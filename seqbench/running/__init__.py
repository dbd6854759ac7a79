"""Runs sweeps: what is to be run, in which order, who holds which cell, and what is kept of it."""

__all__ = ["eta", "interruption", "plan", "queue", "run", "status", "sweep", "weights"]
