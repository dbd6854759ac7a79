"""Detects which global random generators were seeded or drawn from.

Looks at those of torch and numpy only if they are imported already; imports neither.
"""

from __future__ import annotations

import random
import sys
from typing import Any

_SEEDS_OF_PEOPLE = 2**32
"""torch seeds itself with a number of 64 bits; a smaller seed was set by somebody."""

_NUMPY_UNUSED = 624
"""Where numpy's generator stands before the first number is drawn."""


def generators() -> dict[str, object]:
    """Return the states of the existing global generators: library -> its state, for `moved`."""
    states: dict[str, object] = {"random": random.getstate()}
    # A library that cannot be imported may be None there.
    torch, numpy = sys.modules.get("torch"), sys.modules.get("numpy")
    if torch is not None:
        states["torch"] = torch.get_rng_state().tolist()
    if numpy is not None:
        states["numpy"] = _plain(numpy.random.get_state(legacy=True))
    return states


def moved(before: dict[str, object]) -> list[str]:
    """Return the libraries whose generator has moved since, or from its start if it is new."""
    after = generators()
    return [name for name, state in after.items() if (before[name] != state if name in before else _is_used(name))]


def _plain(state: Any) -> tuple[object, ...]:
    name, keys, *rest = state
    return name, keys.tobytes(), *rest


def _is_used(name: str) -> bool:
    """Say whether a library's generator has left its initial state, which differs each time."""
    if name == "numpy":
        numbers = sys.modules["numpy"].random
        is_seeded = numbers.get_bit_generator().seed_seq is None
        return is_seeded or numbers.get_state(legacy=True)[2] != _NUMPY_UNUSED
    torch = sys.modules["torch"]
    seed = torch.initial_seed()
    is_drawn_from = not torch.equal(torch.get_rng_state(), torch.Generator().manual_seed(seed).get_state())
    return is_drawn_from or bool(seed < _SEEDS_OF_PEOPLE)
