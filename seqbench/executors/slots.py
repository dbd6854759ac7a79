"""Which GPU does each of the cells see that run side by side? Numbers in, names of devices out."""

from __future__ import annotations

from collections.abc import Sequence

EVERYTHING, NOTHING = None, ""
"""Devices of a slot: what this process sees, and no GPU."""


def slots(workers: int, gpus: Sequence[str], share: float | None, *, is_limited: bool) -> list[str | None]:
    """Return the devices of each cell that runs at a time, as CUDA_VISIBLE_DEVICES has them.

    Args:
        workers: cells at a time.
        gpus: what is there.
        share: of a GPU, for each cell; None for a whole one, 0 for cells that see none. A cell computes on one
            GPU: more than 1 is as 1.
        is_limited: whether ``workers`` was asked for; where it was not, the GPUs decide.

    >>> slots(4, ["0", "1"], None, is_limited=False), slots(1, ["2"], 0.5, is_limited=False)
    (['0', '1'], ['2', '2'])
    >>> slots(3, ["0", "1"], 0.5, is_limited=True), slots(2, [], None, is_limited=False)
    (['0', '1', '0'], [None, None])
    >>> slots(2, ["0"], 0, is_limited=False)
    ['', '']
    """
    if share == 0:
        return [NOTHING] * workers
    if not gpus:
        return [EVERYTHING] * workers
    # A second cell comes to a GPU when every GPU has one.
    found = [gpu for _ in range(max(1, int(1 / (share or 1)))) for gpu in gpus]
    return [*found[:workers]] if is_limited else [*found]


def named(count: int, visible: str | None) -> list[str]:
    """Return the names of ``count`` GPUs, where CUDA_VISIBLE_DEVICES is ``visible`` (None where it is not set).

    >>> named(2, None), named(2, "3,5"), named(0, "")
    (['0', '1'], ['3', '5'], [])
    """
    return [str(i) for i in range(count)] if visible is None else visible.split(",")[:count]
