"""Writes a number of things in words ("1 step", "12 cells"). Imports nothing of seqbench."""

from __future__ import annotations

from collections.abc import Sequence


def counted(n: int | None, thing: str) -> str:
    """Return a number with the name of what it counts, with a plural s unless the number is 1.

    >>> counted(1, "step"), counted(0, "cell"), counted(12, "cell")
    ('1 step', '0 cells', '12 cells')
    """
    return f"{'?' if n is None else n} {thing if n == 1 else thing + 's'}"


def first_of(names: Sequence[str], most: int = 3) -> str:
    """Return the first names, and how many more there are.

    >>> first_of(["gru", "lstm"]), first_of(["a", "b", "c", "d", "e"])
    ('gru, lstm', 'a, b, c and 2 more')
    """
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
