"""Runs sweeps: which cells, in which order, who holds each, and what is recorded."""

__all__ = ["eta", "interruption", "plan", "queue", "run", "status", "sweep", "weights"]
