"""Defines a table and its cells, as every format receives them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from seqbench.records.variants import natural
from seqbench.report.observations import Observation

ABSENT = "·"
WITHIN = "≈"
"""The mark beside a difference that is no larger than the worth of one test example."""
EXAMPLES = "examples"
"""The word before an interval over test examples, which stands where one seed has no interval over seeds."""
_ALONE = (
    f"{EXAMPLES} [95% interval over draws of the test examples]: of the one network that was trained; how much"
    " another seed differs is not in it"
)


@dataclass(frozen=True)
class Entry:
    """One field of a table.

    Attributes:
        text: the text shown.
        value: the number behind it, if there is one.
        note: a remark beside the text, e.g. ``(n=2, 1 diverged)``.
        standing: whether it is the best of those that it is compared with, or tied with it; see `bests`.
    """

    text: str
    value: float | None = None
    note: str = ""
    standing: Literal["", "best", "tied"] = ""

    def __str__(self) -> str:
        return f"{self.text} {self.note}".rstrip()


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        title: its title.
        lines: explanations above the table.
        columns: names of the columns.
        rows: one entry for each column.
        keys: how many of the first columns name the row.
        below: sentences below the table about missing entries.
    """

    title: str
    lines: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[Entry, ...], ...]
    keys: int
    below: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """The lines, and the meaning of the signs in the fields."""
        is_partial = any(entry.text == ABSENT for row in self.rows for entry in row)
        is_coarse = any(WITHIN in entry.note for row in self.rows for entry in row)
        signs = [f"{ABSENT} = not run"] if is_partial else []
        signs += [f"{WITHIN} = within what one test example is worth"] if is_coarse else []
        is_alone = any(entry.note.startswith(f"{EXAMPLES} [") for row in self.rows for entry in row)
        signs += [_ALONE] if is_alone else []
        return (*self.lines, *signs)


def grouped(
    seen: Sequence[Observation], key_of: Callable[[Observation], tuple[str, ...]]
) -> dict[tuple[str, ...], list[Observation]]:
    """Return the observations by key, in the natural order of the keys."""
    groups: dict[tuple[str, ...], list[Observation]] = {}
    for each in seen:
        groups.setdefault(key_of(each), []).append(each)
    return {key: groups[key] for key in sorted(groups, key=lambda key: [natural(part) for part in key])}
