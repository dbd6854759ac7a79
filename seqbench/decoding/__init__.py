"""Lets a network write by itself, greedily or by beam, one token after the other."""

__all__ = ["decode"]
