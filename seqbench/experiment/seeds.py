"""Reads the seeds of an experiment: numbers and ranges such as ``0..99``, in a list or in one text."""

from __future__ import annotations

import re
from itertools import chain
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, ValidatorFunctionWrapHandler, WrapValidator

from seqbench.base.printable import one_line
from seqbench.base.ranges import read_range

MOST_SEEDS = 100_000
"""Largest number of seeds of an experiment."""


def as_list(value: str | int, ranges: str = "without ranges", *, is_of_numbers: bool = True) -> str:
    """Return how to write as a list what was given as a single value: as it stands only where that is one.

    >>> as_list(8), as_list("16, 32")
    ('it is a list: write [8]', 'it is a list: write [16, 32]')
    >>> as_list("8..16")
    "it is a list of numbers, such as [16, 64], without ranges; '8..16' was given"
    """
    if isinstance(value, str) and is_of_numbers and not re.fullmatch(r"[0-9]+( *, *[0-9]+)*", value.strip()):
        return f"it is a list of numbers, such as [16, 64], {ranges}; {one_line(repr(value), 200)} was given"
    return f"it is a list: write [{value}]"


def _entries(value: Any) -> Any:
    """Return the entries of a text with ranges, such as ``0..4,9``, and those of a list."""
    if isinstance(value, str) and ".." in value:
        words = [word.strip() for word in value.split(",")]
        return tuple(int(word) if re.fullmatch("[0-9]{1,100}", word) else word for word in words)
    if isinstance(value, str | int):
        raise ValueError(as_list(value, "or ranges such as 0..99"))
    return tuple(value) if isinstance(value, list) else value


def _number_or_range(value: Any, check: ValidatorFunctionWrapHandler) -> Any:
    """Check one entry; the numbers of a range are made once all entries are known."""
    if not isinstance(value, str):
        return check(value)
    if ".." not in value:
        raise ValueError(f"write a whole number, or a range such as 0..99; {one_line(repr(value), 200)} was given")
    found = read_range(value, MOST_SEEDS)
    check(found[-1])
    return found


def _numbers(entries: tuple[int | range, ...]) -> tuple[int, ...]:
    parts = [(entry,) if isinstance(entry, int) else entry for entry in entries]
    count = sum(map(len, parts))
    if count > MOST_SEEDS:
        raise ValueError(f"there are {count:,} of them, and an experiment has {MOST_SEEDS:,} at most")
    return tuple(chain.from_iterable(parts))


Seed = Annotated[int, Field(ge=0, lt=2**63), WrapValidator(_number_or_range)]

Seeds = Annotated[tuple[Seed, ...], Field(min_length=1), BeforeValidator(_entries), AfterValidator(_numbers)]
"""The type of ``seeds``: given as numbers and ranges, held as numbers."""
