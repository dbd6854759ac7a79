"""Guards the global state that a plugin must not touch, and restores it after a check.

That state is the random generators of torch, numpy and Python. Imports nothing of seqbench.
"""

from __future__ import annotations

import os
import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


def random_states() -> dict[str, bytes]:
    """Return the global random states, library -> its state, for comparison."""
    name, keys, *rest = np.random.get_state(legacy=True)
    return {
        "torch": torch.get_rng_state().numpy().tobytes(),
        "numpy": repr((name, np.asarray(keys).tobytes(), rest)).encode(),
        "random": repr(random.getstate()).encode(),
    }


def changed(before: dict[str, bytes], after: dict[str, bytes]) -> list[str]:
    """Name the libraries whose random state changed."""
    return [library for library, state in before.items() if after[library] != state]


def seed_everything(seed: int) -> None:
    """Seed all generators of `random_states`; call it only inside `surroundings_kept`."""
    torch.manual_seed(seed)
    np.random.seed(seed)
    random.seed(seed)


@contextmanager
def surroundings_kept() -> Iterator[None]:
    """Compute on one thread, and restore random states, whatever a plugin does to them."""
    python, numpy, threads = random.getstate(), np.random.get_state(), torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng():
            yield
    finally:
        torch.set_num_threads(threads)
        random.setstate(python)
        np.random.set_state(numpy)


@contextmanager
def empty_cache() -> Iterator[None]:
    """Give `seqbench.cached_tensors` an empty folder during the block, and remove it afterwards."""
    before = os.environ.get("SEQBENCH_CACHE")
    with tempfile.TemporaryDirectory(prefix="seqbench-check-") as folder:
        os.environ["SEQBENCH_CACHE"] = folder
        try:
            yield
        finally:
            if before is None:
                del os.environ["SEQBENCH_CACHE"]
            else:
                os.environ["SEQBENCH_CACHE"] = before
