"""Saves and restores the global random generators of torch, Python and numpy.

They are seeded for a cell and restored after it; their states are plain data, so that a checkpoint can hold them.
Imports nothing of seqbench.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch


@contextmanager
def randomness_kept() -> Iterator[None]:
    """Restore the global generators after the block."""
    before = random_states()
    try:
        yield
    finally:
        restore_random_states(before)


def seed_all(seed: int) -> None:
    """Seed the global generators of torch, all devices, Python and numpy."""
    torch.manual_seed(seed)
    random.seed(seed)
    np.random.seed(seed % 2**32)


def random_states() -> dict[str, Any]:
    """Return the states of the global generators, as tensors, numbers and lists."""
    version, words, gauss = random.getstate()
    kind, keys, position, has_gauss, cached = np.random.get_state(legacy=True)
    return {
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        "python": [version, list(words), gauss],
        "numpy": [kind, [int(key) for key in keys], position, has_gauss, cached],
    }


def restore_random_states(states: dict[str, Any]) -> None:
    """Restore the global generators to the states that `random_states` returned."""
    torch.set_rng_state(states["torch"])
    if states["cuda"]:
        torch.cuda.set_rng_state_all(states["cuda"])
    version, words, gauss = states["python"]
    random.setstate((version, tuple(words), gauss))
    kind, keys, position, has_gauss, cached = states["numpy"]
    np.random.set_state((kind, np.array(keys, dtype=np.uint32), position, has_gauss, cached))
