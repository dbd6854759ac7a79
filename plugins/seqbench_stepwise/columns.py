"""Writes an example with a column for each step, input above target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def columns(lines: Mapping[str, Sequence[str]], keep: int = 14) -> str:
    """Write lines of signs, one sign for each step, below each other.

    >>> print(columns({"input": ["213", "1", "321"], "target": ["", "4", "5"]}))
    input   213 1 321
    target      4   5
    >>> print(columns({"input": list("abcdefgh"), "scored": [""] * 7 + ["^"]}, keep=2))
    input   a b (4 more) g h
    scored                 ^

    Args:
        lines: name of a line -> the sign of each step; an empty one where there is nothing.
        keep: how many steps of a long example are shown at each end.
    """
    steps = list(zip(*lines.values(), strict=True))
    left_out = len(steps) - 2 * keep
    if left_out > 1:
        steps = [*steps[:keep], (f"({left_out} more)", *[""] * (len(lines) - 1)), *steps[-keep:]]
    widths = [max(len(sign) for sign in step) for step in steps]
    return "\n".join(
        f"{name:<8}" + " ".join(sign.rjust(width) for sign, width in zip(line, widths, strict=True)).rstrip()
        for name, line in zip(lines, zip(*steps, strict=True), strict=True)
    )
