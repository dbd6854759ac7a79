"""Checks that a cost grows no faster with the length than it may.

It measures processor time of this process, which other load barely moves, and takes the least of several runs.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from seqbench.testing.outcome import CheckFailed

ROOM = 2.5
"""The factor by which the growth may exceed its bound, because of caches and fixed costs."""

ATTEMPTS = 3


def check_growth(
    run: Callable[[int], object],
    *,
    short: int,
    long: int,
    exponent: float,
    negligible: float,
    change: str,
) -> float:
    """Return how many times as long the long one takes; fail if that is much more than the exponent allows.

    Args:
        run: the work to time, for one length.
        short, long: lengths.
        exponent: 1 is linear.
        negligible: seconds for ``long`` below which growth does not matter.
        change: what the author can do.
    """
    allowed = ROOM * (long / short) ** exponent
    times = []
    for _ in range(ATTEMPTS):
        # The long one first: work that is done only once, e.g. imports, must not slow the short one.
        times.append((_seconds(run, long), max(1e-6, _seconds(run, short))))
        seconds, base = (min(column) for column in zip(*times, strict=True))
        if seconds < negligible or seconds <= allowed * base:
            return float(seconds / base)
    raise CheckFailed(
        f"time grows at most like length ** {exponent:g}: from {short} to {long} steps {long / short:g} times the"
        f" length takes at most {allowed:.0f} times as long, {ROOM:g} times of room included",
        f"it takes {seconds / base:.0f} times as long: {base:.2g} s and {seconds:.2g} s of processor time, the"
        f" least of {ATTEMPTS} measurements",
        change,
        {f"growth from {short} to {long} steps": seconds / base},
    )


def _seconds(run: Callable[[int], object], length: int) -> float:
    began = time.process_time()
    run(length)
    return time.process_time() - began
