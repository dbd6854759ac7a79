"""Runs seqbench on the command line: one module for each command, imported when it is called."""

__all__ = ["main"]
