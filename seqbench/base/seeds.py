"""Derives the seed of every random stream from one number and words for its purpose.

No two purposes share a stream. Imports nothing of seqbench.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Generator


def derive_seed(seed: int, *purpose: str | int) -> int:
    """Return a seed for one purpose, e.g. ``derive_seed(0, "copy", "train", 100)``; below 2**63.

    >>> derive_seed(0, "copy", "train") == derive_seed(0, "copy", "test")
    False
    """
    words = "\x1f".join(str(word) for word in (seed, *purpose))
    return int.from_bytes(hashlib.sha256(words.encode()).digest()[:8], "big") >> 1


def generator(seed: int, *purpose: str | int) -> Generator:
    """Return a separate torch generator for one purpose; the global one is never touched."""
    import torch

    return torch.Generator().manual_seed(derive_seed(seed, *purpose))
