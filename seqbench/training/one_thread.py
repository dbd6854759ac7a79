"""Computes on one thread, and with denormal numbers as 0, while a block runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from seqbench.base.allocator import keep_freed_memory


@contextmanager
def one_quiet_thread() -> Iterator[None]:
    """Compute on one thread, and with denormal numbers as 0, while the block runs.

    Cells run side by side, and bits depend on the number of threads. A gradient that vanishes over a long
    sequence ends among the denormal numbers (below 1.2e-38 in float32), on which a processor is many times
    slower than on any other; they are too small to change a weight. The process keeps freed memory, also
    afterwards.
    """
    keep_freed_memory()
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)
        torch.set_num_threads(before)
