"""Writes a number of things in words ("1 step", "12 cells"). Imports nothing of seqbench."""

from __future__ import annotations


def counted(n: int | None, thing: str) -> str:
    """Return a number with what it counts, which ends in s unless it is one.

    >>> counted(1, "step"), counted(0, "cell"), counted(12, "cell")
    ('1 step', '0 cells', '12 cells')
    """
    return f"{'?' if n is None else n} {thing if n == 1 else thing + 's'}"
