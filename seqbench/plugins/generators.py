"""Tells which global random generators moved: were seeded, or drawn from.

Those of torch and numpy are looked at only where something has imported them; imports neither.
"""

from __future__ import annotations

import random
import sys
from typing import Any

_SEEDS_OF_PEOPLE = 2**32
"""torch seeds itself with a number of 64 bits; one below this was given to it."""


def generators() -> dict[str, object]:
    """Return the states of the global generators that there are: library -> its state, to be handed to `moved`."""
    states: dict[str, object] = {"random": random.getstate()}
    # What cannot be imported may stand there as None.
    torch, numpy = sys.modules.get("torch"), sys.modules.get("numpy")
    if torch is not None:
        states["torch"] = torch.get_rng_state().tolist()
    if numpy is not None:
        states["numpy"] = _plain(numpy.random.get_state(legacy=True))
    return states


def moved(before: dict[str, object]) -> list[str]:
    """Name the libraries whose generator is not where it was; or where it begins, if it was not there before."""
    after = generators()
    return [name for name, state in after.items() if (before[name] != state if name in before else _is_used(name))]


def _plain(state: Any) -> tuple[object, ...]:
    name, keys, *rest = state
    return name, keys.tobytes(), *rest


def _is_used(name: str) -> bool:
    """Say whether a library's generator has left the state in which it is made, which is another each time."""
    if name == "numpy":
        numbers = sys.modules["numpy"].random
        is_seeded = numbers.get_bit_generator().seed_seq is None
        # Where a new one begins: versions of numpy differ in it.
        unused = numbers.RandomState().get_state(legacy=True)[2]
        return is_seeded or numbers.get_state(legacy=True)[2] != unused
    torch = sys.modules["torch"]
    seed = torch.initial_seed()
    is_drawn_from = not torch.equal(torch.get_rng_state(), torch.Generator().manual_seed(seed).get_state())
    return is_drawn_from or bool(seed < _SEEDS_OF_PEOPLE)
