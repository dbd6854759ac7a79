"""Writes an example with a column for each step, input above target."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise

from seqbench import UNSCORED, Split

MOST_WHOLE = 48
"""Largest number of steps of a worked example that is shown whole."""


def worked_example(
    split: Split,
    example: int,
    *,
    sign: Callable[[int], str],
    answer: Callable[[int], str],
    shown: Callable[[list[int]], Iterable[int]],
) -> str:
    """Return input above target, scored steps marked, of one example of a split.

    Args:
        split: the examples.
        example: its number.
        sign: token -> its sign.
        answer: target -> its sign.
        shown: scored steps -> steps of a long example that are shown; others are counted only.
    """
    import torch

    batch = split.batch(torch.tensor([example]))
    tokens, targets = batch.inputs[0].tolist(), batch.targets.flatten().tolist()
    # A class of a whole sequence is read at its last step.
    targets = [UNSCORED] * (len(tokens) - len(targets)) + targets
    scored = [step for step, target in enumerate(targets) if target != UNSCORED]
    lines = {
        "input": [sign(token) for token in tokens],
        "target": ["" if target == UNSCORED else answer(target) for target in targets],
        "scored": ["" if target == UNSCORED else "^" for target in targets],
    }
    return aligned(lines, range(len(tokens)) if len(tokens) <= MOST_WHOLE else shown(scored))


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
    steps = len(next(iter(lines.values())))
    return aligned(lines, [*range(keep), *range(steps - keep, steps)])


def aligned(lines: Mapping[str, Sequence[str]], shown: Iterable[int]) -> str:
    """Return lines of signs, a column for each step; several steps that are not shown are counted.

    >>> print(aligned({"input": ["a", "b", "c", "d", "10"], "target": ["", "", "", "", "a"]}, [0, 4]))
    input   a (3 more) 10
    target              a
    """
    steps = list(zip(*lines.values(), strict=True))
    columns: list[tuple[str, ...]] = []
    for before, at in pairwise([-1, *sorted({step for step in shown if 0 <= step < len(steps)}), len(steps)]):
        skipped = steps[before + 1 : at]
        # One step takes less room than its count.
        columns += skipped if len(skipped) < 2 else [(f"({len(skipped)} more)", *[""] * (len(lines) - 1))]
        columns += steps[at : at + 1]
    widths = [max(len(sign) for sign in column) for column in columns]
    return "\n".join(
        f"{word:<8}" + " ".join(sign.rjust(width) for sign, width in zip(line, widths, strict=True)).rstrip()
        for word, line in zip(lines, zip(*columns, strict=True), strict=True)
    )
