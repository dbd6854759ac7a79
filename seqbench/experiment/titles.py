"""Names a cell in words, the same in messages, logs and tables. Imports nothing of seqbench."""

from __future__ import annotations


def title(task: str, model: str, length: int, seed: int) -> str:
    """Return the title of a cell.

    >>> title("copy", "lstm", 64, 0)
    'copy lstm T=64 seed 0'
    """
    return f"{task} {model} T={length} seed {seed}"
