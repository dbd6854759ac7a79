"""Finds where two pieces of plain data differ, and reports both values. Imports nothing of seqbench."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_ABSENT = "nothing"
_LONGEST = 60
"""Number of characters of a value that are shown."""


@dataclass(frozen=True)
class Difference:
    """One place where two pieces of data differ, with both values."""

    place: str
    one: Any
    other: Any

    def text(self, one: str, other: str) -> str:
        """Return the difference as text, with a word for the owner of each value.

        >>> Difference("mse", 0.5, 0.25).text("claimed", "here")
        'mse: claimed 0.5, here 0.25 (differs by 0.25)'
        """
        told = f"{self.place}: {one} {_short(self.one)}, {other} {_short(self.other)}"
        numbers = [v for v in (self.one, self.other) if isinstance(v, (int, float)) and not isinstance(v, bool)]
        return f"{told} (differs by {abs(numbers[0] - numbers[1]):.2g})" if len(numbers) == 2 else told


def differences(
    one: Any, other: Any, place: str = "", *, is_close: Callable[[str, float, float], bool] | None = None
) -> Iterator[Difference]:
    """Yield every place where two pieces of plain data differ, down to single values.

    Args:
        one, other: mappings, sequences, numbers, texts, None.
        place: the name of the whole; parts are joined to it by dots.
        is_close: ``(place, one, other)`` -> whether two different numbers count as the same; None for never.

    >>> [(d.place, d.one, d.other) for d in differences({"a": [1, 2], "b": 3}, {"a": [1, 5], "b": 3})]
    [('a[1]', 2, 5)]
    """
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for name in [*one, *(name for name in other if name not in one)]:
            inner = f"{place}.{name}" if place else str(name)
            yield from differences(one.get(name, _ABSENT), other.get(name, _ABSENT), inner, is_close=is_close)
    elif _is_list(one) and _is_list(other) and len(one) == len(other):
        for i, (ours, theirs) in enumerate(zip(one, other, strict=True)):
            yield from differences(ours, theirs, f"{place}[{i}]", is_close=is_close)
    elif not _is_same(one, other) and not _are_close(place, one, other, is_close):
        yield Difference(place, one, other)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))


def _is_same(one: Any, other: Any) -> bool:
    is_truth = isinstance(one, bool), isinstance(other, bool)
    return bool(one == other) and is_truth[0] == is_truth[1]


def _are_close(place: str, one: Any, other: Any, is_close: Callable[[str, float, float], bool] | None) -> bool:
    if is_close is None or not all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in (one, other)):
        return False
    return math.isfinite(one) and math.isfinite(other) and is_close(place, float(one), float(other))


def _short(value: Any) -> str:
    text = value if value is _ABSENT else repr(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
