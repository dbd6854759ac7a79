"""Writes whole numbers as ranges (``0..99``), and reads them. Imports nothing of seqbench."""

from __future__ import annotations

import re
from collections.abc import Iterable

_RANGE = re.compile(r"([0-9]+)\.\.([0-9]+)")


def in_ranges(numbers: Iterable[int]) -> list[int | str]:
    """Return numbers from 0 up in their order, three or more that follow each other as one range, both ends in it.

    An experiment file and ``--seeds`` read it as the same numbers.

    >>> in_ranges([0, 1, 2, 5, 7, 8])
    ['0..2', 5, 7, 8]
    """
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return [word for run in runs for word in ([f"{run[0]}..{run[-1]}"] if len(run) > 2 else run)]


def ranges_text(numbers: Iterable[int]) -> str:
    """Return numbers from 0 up as text, in ascending order, with ranges.

    >>> ranges_text({4, 2, 0, 3}), ranges_text([1, 0])
    ('0, 2..4', '0, 1')
    """
    return ", ".join(map(str, in_ranges(sorted(numbers))))


def seeds_text(seeds: Iterable[int]) -> str:
    """Return ``seed`` or ``seeds`` with their numbers.

    >>> seeds_text([3]), seeds_text([1, 0]), seeds_text(range(100))
    ('seed 3', 'seeds 0, 1', 'seeds 0..99')
    """
    found = list(seeds)
    return f"seed{'' if len(found) == 1 else 's'} {ranges_text(found)}"


def read_range(text: str, most: int) -> range:
    """Return the numbers of a range such as ``0..99``, both ends included; none of them is made yet.

    >>> read_range("0..4", most=100)
    range(0, 5)

    Args:
        text: the range as somebody wrote it.
        most: how many numbers it may have.

    Raises:
        ValueError: it is no range, ends before it begins, or is too large; the message is a sentence.
    """
    if len(text) > 100 or (found := _RANGE.fullmatch(text.strip())) is None:
        shown = text if len(text) <= 100 else f"{text[:100]}..."
        raise ValueError(f"a range is its first and its last number, such as 0..99, and {shown!r} was given")
    first, last = int(found[1]), int(found[2])
    if last < first:
        raise ValueError(f"the range {first}..{last} ends before it begins; write {last}..{first}")
    if last - first >= most:
        raise ValueError(f"the range {first}..{last} has {last - first + 1:,} numbers, and {most:,} is the most")
    return range(first, last + 1)
