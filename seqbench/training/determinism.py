"""Lets torch take deterministic algorithms on a GPU, and notes the operations that have none.

Without them the gradient of an embedding has other last bits in each run, from some 3,000 tokens in a batch on.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

import torch
import torch.utils.deterministic

NOTE = "training.same_bits"
"""The note of a record that says which operations may have other bits when the cell is run again."""

_UNKNOWN = r"(\w+) does not have a deterministic implementation"
_CUBLAS = "Deterministic behavior was enabled"
"""A warning at every matrix product without CUBLAS_WORKSPACE_CONFIG. It concerns products of several streams at a
time on one handle; a cell computes on one stream after the other, and torch gives each a workspace of its own."""


@contextmanager
def same_bits(is_on: bool | None = None) -> Iterator[dict[str, str]]:
    """Take deterministic algorithms during the block, where torch has them, and restore the setting after it.

    An operation without one, in a layer of a plugin, runs as it is. On a CPU nothing is changed: all runs have the
    same bits there.

    Args:
        is_on: whether to; None where there is a GPU.

    Yields:
        The notes of the record; the operations without a deterministic form are added as they run.
    """
    notes: dict[str, str] = {}
    if not (torch.cuda.is_available() if is_on is None else is_on):
        yield notes
        return
    filling: Any = torch.utils.deterministic
    before = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    was_filling = filling.fill_uninitialized_memory
    torch.use_deterministic_algorithms(True, warn_only=True)
    # Memory that nobody reads before it is written does not need NaN in it.
    filling.fill_uninitialized_memory = False
    try:
        with _heard(notes):
            yield notes
    finally:
        torch.use_deterministic_algorithms(before[0], warn_only=before[1])
        filling.fill_uninitialized_memory = was_filling


@contextmanager
def _heard(notes: dict[str, str]) -> Iterator[None]:
    """Turn torch's warnings of operations into a note; all others go where they went."""
    operations: list[str] = []
    with warnings.catch_warnings():
        show = warnings.showwarning

        def listen(
            message: Warning | str,
            category: type[Warning],
            filename: str,
            lineno: int,
            file: TextIO | None = None,
            line: str | None = None,
        ) -> None:
            found = re.match(_UNKNOWN, str(message))
            if found is None:
                show(message, category, filename, lineno, file, line)
            elif found[1] not in operations:
                operations.append(found[1])
                notes[NOTE] = (
                    f"no deterministic form exists of {', '.join(operations)}: bits may differ between runs"
                )

        warnings.showwarning = listen
        warnings.filterwarnings("ignore", message=_CUBLAS)
        warnings.filterwarnings("default", message=_UNKNOWN)
        yield
