"""Writes a number of things in words ("1 step", "12 cells"). Imports nothing of seqbench."""

from __future__ import annotations


def counted(n: int | None, thing: str) -> str:
    """Return a number with the name of what it counts, with a plural s unless the number is 1.

    >>> counted(1, "step"), counted(0, "cell"), counted(12, "cell")
    ('1 step', '0 cells', '12 cells')
    """
    return f"{'?' if n is None else n} {thing if n == 1 else thing + 's'}"
